package service

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/accede/accede/api/v1"
)

func names(people []v1.PersonRuling) (list []string) {
	for _, ruling := range people {
		list = append(list, ruling.Person.Name)
	}
	return list
}

func TestExplainsWhoMayReview(t *testing.T) {
	c := open(t)
	request := c.ask("x")
	explain := func(as, person string) v1.Explanation {
		t.Helper()
		explanation, err := c.Explain(t.Context(), c.as(as), request.ID, person)
		if err != nil {
			t.Fatal(err)
		}
		return explanation
	}
	if diff := cmp.Diff([]string{"bob", "ivan"}, names(explain("alice", "").People)); diff != "" {
		t.Error(diff)
	}
	if _, err := c.Review(t.Context(), c.as("ivan"), request.ID, v1.ReviewInput{Verdict: v1.Approve}); err != nil {
		t.Fatal(err)
	}
	after := explain("alice", "")
	if diff := cmp.Diff([]string{"bob"}, names(after.People)); diff != "" || after.Thresholds[0].Missing != 1 {
		t.Errorf("%+v: %s", after, diff)
	}
	for person, code := range map[string]v1.Code{
		"bob": "", "ivan": v1.CodeAlreadyReviewed, "alice": v1.CodeSelfReview, "carol": v1.CodeNotAReviewer,
	} {
		if got := explain("ivan", person).People; len(got) != 1 || got[0].Code != code || got[0].May != (code == "") || got[0].Why == "" {
			t.Errorf("%s: %+v", person, got)
		}
	}
	_, err := c.Explain(t.Context(), c.as("alice"), request.ID, "nobody")
	refused(t, err, v1.CodeNotFound)
	_, err = c.Explain(t.Context(), c.as("carol"), request.ID, "")
	refused(t, err, v1.CodeNotFound)
}

func TestTellsWhatWouldBe(t *testing.T) {
	c := open(t)
	would, err := c.WhoCanApprove(t.Context(), c.admin, []string{"dba"}, "alice")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bob", "ivan"}, names(would.People)); diff != "" {
		t.Error(diff)
	}
	_, err = c.WhoCanApprove(t.Context(), c.as("carol"), []string{"dba"}, "carol")
	refused(t, err, v1.CodeRoleNotRequestable)
	_, err = c.WhoCanApprove(t.Context(), c.admin, []string{"dba"}, "nobody")
	refused(t, err, v1.CodeNotFound)
	can, err := c.Capabilities(t.Context(), c.as("alice"))
	if err != nil || !cmp.Equal(can.RequestableRoles, []string{"dba"}) || len(can.SuggestedReviewers) == 0 {
		t.Errorf("capabilities %+v, %v", can, err)
	}
}
