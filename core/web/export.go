package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/accede/accede/api/sheets"
	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
	"github.com/accede/accede/internal/httpx"
)

const (
	// exportPage is how many requests are read and written at a time.
	exportPage = 500
	// exportWrite is how long a reader may take to fetch that many.
	exportWrite = time.Minute
)

// export sends everything that the filters let through, page by page, holding none.
func export(v *visit) error {
	query := v.r.URL.Query()
	form := readHistoryForm(query)
	filter := form.filter(v.actor.Person, v.clock().Zone)
	format := sheets.Format(query.Get("format"))
	if format != sheets.CSV && format != sheets.JSONL {
		return core.Refuse(v1.CodeInvalid, "Requests are exported as csv or as jsonl.")
	}
	if len(form.wrong) > 0 {
		return core.Refuse(v1.CodeInvalid, "These filters cannot be read; choose them on the page of requests and export from there.")
	}
	filter.Limit = exportPage
	page, err := v.Service.Browse(v.ctx(), v.actor, filter)
	if err != nil {
		return err
	}
	v.beginExport("requests", format)
	if v.r.Method == http.MethodHead {
		return nil
	}
	if err := v.sendExport(page, filter, format); err != nil {
		v.log(fmt.Errorf("exporting requests: %w", err))
		panic(http.ErrAbortHandler) // cut the connection, so that nobody takes a part for the whole
	}
	return nil
}

// beginExport begins an answer that browsers keep as a file of today.
func (v *visit) beginExport(what string, format sheets.Format) {
	kind := "text/csv; charset=utf-8"
	if format == sheets.JSONL {
		kind = "application/jsonl; charset=utf-8"
	}
	name := fmt.Sprintf("%s-%s.%s", what, v.Now().In(v.clock().Zone).Format(time.DateOnly), format)
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	v.w.WriteHeader(http.StatusOK)
}

// sendExport writes page after page.
func (v *visit) sendExport(page v1.RequestPage, filter core.RequestFilter, format sheets.Format) error {
	writer := sheets.NewWriter(v.w, format, sheets.Requests())
	control := http.NewResponseController(v.w)
	for {
		if err := control.SetWriteDeadline(time.Now().Add(exportWrite)); err != nil {
			return fmt.Errorf("setting write deadline: %w", err)
		}
		if err := writer.WriteAll(page.Requests); err != nil {
			return err
		}
		if page.Next == "" {
			return nil
		}
		select {
		case <-httpx.Stopping(v.ctx()):
			return http.ErrServerClosed
		default:
		}
		filter.Before = page.Next
		var err error
		if page, err = v.Service.Browse(v.ctx(), v.actor, filter); err != nil {
			return err
		}
	}
}
