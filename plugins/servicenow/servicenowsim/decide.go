package servicenowsim

import (
	"context"
	"slices"

	"github.com/accede/accede/plugins/standin"
)

// Choice is what a person does with an approval.
type Choice struct {
	// Person is who acts, by user name or id.
	Person string
	// Record is the number or sys_id of the record; the approval is then the person's own. Approval names one instead,
	// which may be somebody else's if the person is an administrator or stands in for them.
	Record, Approval string
	// Verdict is approve or deny.
	Verdict, Comment string
}

// Decide lets a person approve or reject.
func (s *Sim) Decide(ctx context.Context, c Choice) (standin.Reaction, error) {
	state, known := verdictStates()[c.Verdict]
	if !known {
		return standin.Reaction{}, standin.RefusedError("there is no button " + c.Verdict)
	}
	person, known := s.userNamed(c.Person)
	if !known || person.Inactive {
		return standin.Reaction{}, standin.RefusedError("nobody called " + c.Person + " can sign in")
	}
	id, err := s.approvalFor(person, c)
	if err != nil {
		return standin.Reaction{}, err
	}
	t := s.db.tables[tableApproval]
	if err := s.changeRow(t, id, row{"state": state, "comments": c.Comment}, person.UserName); err != nil {
		return standin.Reaction{}, err
	}
	s.changes.Touch()
	ctx, release := standin.WhileOpen(ctx, s.ctx)
	defer release()
	return standin.Reaction{OK: true, Status: s.announce(ctx, id)}, nil
}

// approvalFor finds the approval that a person may act on.
func (s *Sim) approvalFor(person User, c Choice) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if person.Limited {
		return "", standin.RefusedError(person.Name + " lacks the role approver_user")
	}
	if c.Approval != "" {
		return s.namedApproval(person, c.Approval)
	}
	for _, record := range s.db.tables[s.cfg.Table].rows {
		if c.Record != (*record)["number"] && c.Record != (*record)["sys_id"] {
			continue
		}
		for _, approval := range s.db.approvalsOf((*record)["sys_id"]) {
			if (*approval)["approver"] == person.ID && (*approval)["state"] == requested {
				return (*approval)["sys_id"], nil
			}
		}
	}
	return "", standin.RefusedError(person.Name + " is not asked to approve " + c.Record)
}

func (s *Sim) namedApproval(person User, id string) (string, error) {
	approval, there := s.db.tables[tableApproval].byID[id]
	if !there {
		return "", standin.RefusedError("there is no such approval")
	}
	if (*approval)["state"] != requested && !person.Admin {
		return "", standin.RefusedError("this approval is no longer asked for")
	}
	if (*approval)["approver"] != person.ID && !person.Admin && !s.standsIn(person, (*approval)["approver"]) {
		return "", standin.RefusedError(person.Name + " may not act on this approval")
	}
	return id, nil
}

func (s *Sim) standsIn(person User, approver string) bool {
	return slices.ContainsFunc(s.db.tables[tableDelegate].rows, func(r *row) bool {
		now := s.db.now()
		return (*r)["user"] == approver && (*r)["delegate"] == person.ID && (*r)["approvals"] == "true" &&
			(*r)["starts"] <= now && now <= (*r)["ends"]
	})
}

// Insert puts a row into any table as somebody, as an administrator's import would. It returns the row's sys_id.
func (s *Sim) Insert(table string, values map[string]string, by string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.db.insert(table, values, by)
	if table == tableApproval {
		s.completeApproval(made)
	}
	s.changes.Touch()
	return (*made)["sys_id"]
}

// Change changes a row of any table as somebody, past all access rules.
func (s *Sim) Change(table, id string, values map[string]string, by string) error {
	if err := s.changeRow(s.db.tables[table], id, values, by); err != nil {
		return err
	}
	s.changes.Touch()
	return nil
}

// Rows lists all rows of a table as stored.
func (s *Sim) Rows(table string) []map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []map[string]string
	for _, r := range s.db.tables[table].rows {
		copied := map[string]string{}
		for name, value := range *r {
			copied[name] = value
		}
		out = append(out, copied)
	}
	return out
}
