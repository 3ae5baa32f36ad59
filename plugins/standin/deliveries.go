package standin

import (
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// maxDeliveries is how many results are kept.
const maxDeliveries = 200

// Deliveries keeps what was handed over to the app lately, and what came of it. The zero value is ready.
type Deliveries[Result any] struct {
	mu    sync.Mutex
	last  []byte
	kept  []delivery[Result]
	count int
}

type delivery[Result any] struct {
	id     int
	result Result
}

// Remember keeps a payload, for attempts to forge one.
func (d *Deliveries[Result]) Remember(payload []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = payload
}

// Last is the payload that was remembered last.
func (d *Deliveries[Result]) Last() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// Add keeps a result, which is told its number, from 1 on.
func (d *Deliveries[Result]) Add(number func(id int) Result) Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	one := delivery[Result]{d.count, number(d.count)}
	if d.kept = append(d.kept, one); len(d.kept) > maxDeliveries {
		d.kept = d.kept[1:]
	}
	return one.result
}

// Find returns a result by its number.
func (d *Deliveries[Result]) Find(id int) (Result, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.kept {
		if one.id == id {
			return one.result, true
		}
	}
	var none Result
	return none, false
}

// All lists the results, oldest first.
func (d *Deliveries[Result]) All() []Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]Result, 0, len(d.kept))
	for _, one := range d.kept {
		out = append(out, one.result)
	}
	return out
}

// Notice is a sentence on a page about what somebody just did.
type Notice struct {
	Text string
	Bad  bool
}

// ShowResult leads from a form back to the page, which then tells what came of it: the result with that number, nothing if
// it is 0, or that it was refused.
func ShowResult(w http.ResponseWriter, r *http.Request, id int, err error) {
	where := BackTo(r.PostForm)
	switch {
	case isRefused(err):
		where += "&gone=1"
	case err != nil:
		Reply(w, nil, err)
		return
	case id > 0:
		where += "&result=" + strconv.Itoa(id)
	}
	LeadBack(w, where)
}

// Notice tells what ShowResult led to.
func (d *Deliveries[Result]) Notice(q url.Values, tell func(Result) *Notice) *Notice {
	if q.Get("gone") != "" {
		return &Notice{Text: "That button is not there any more, or not for this person.", Bad: true}
	}
	id, err := strconv.Atoi(q.Get("result"))
	if err != nil {
		return nil
	}
	if result, known := d.Find(id); known {
		return tell(result)
	}
	return nil
}
