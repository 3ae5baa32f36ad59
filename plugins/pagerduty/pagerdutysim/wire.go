package pagerdutysim

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/accede/accede/plugins/standin"
)

// object is a JSON object as PagerDuty sends it.
type object = map[string]any

// ref is the short form of an object.
func (s *Sim) ref(kind, id, summary string) object {
	return object{
		"id": id, "type": kind + "_reference", "summary": summary,
		"self": s.apiURL(kind + "s/" + id), "html_url": s.webURL(kind + "s/" + id),
	}
}

func (s *Sim) userRef(id string) object {
	u, _ := s.user(id)
	return s.ref("user", id, u.FullName)
}

func (s *Sim) serviceRef(id string) object {
	service, _ := s.service(id)
	return s.ref("service", id, service.Name)
}

func (s *Sim) incidentRef(i *incident) object {
	return s.ref("incident", i.id, "[#"+strconv.Itoa(i.number)+"] "+i.title)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// nullable is null for a time that is not there.
func nullable(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

const (
	standardPage = 25
	largestPage  = 100
	// farthest is how far paging reaches: https://developer.pagerduty.com/docs/pagination.
	farthest = 10_000
)

// page answers with the part of a list that was asked for.
func (s *Sim) page(w http.ResponseWriter, q url.Values, name string, all []object) {
	limit := number(q, "limit", standardPage)
	offset := number(q, "offset", 0)
	largest := largestPage
	if s.cfg.Page > 0 {
		largest = s.cfg.Page
	}
	limit = min(limit, largest)
	reach := farthest
	if s.cfg.Reach > 0 {
		reach = s.cfg.Reach
	}
	if limit < 1 || offset < 0 || offset+limit > reach {
		invalid(w, "Offset plus limit must not exceed "+strconv.Itoa(reach))
		return
	}
	from := min(offset, len(all))
	to := min(from+limit, len(all))
	part := append([]object{}, all[from:to]...)
	standin.WriteJSON(w, http.StatusOK, object{
		name: part, "limit": limit, "offset": offset, "more": to < len(all), "total": nil,
	})
}

func number(q url.Values, name string, otherwise int) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil {
		return otherwise
	}
	return n
}

// moment reads a time of a query, or gives another one.
func moment(q url.Values, name string, otherwise time.Time) (time.Time, bool) {
	text := q.Get(name)
	if text == "" {
		return otherwise, true
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}
