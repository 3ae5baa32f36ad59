package sheets

import (
	"strconv"

	v1 "github.com/accede/accede/api/v1"
)

// Audit is the sheet of the audit.
func Audit() Sheet[v1.AuditEntry] {
	return Sheet[v1.AuditEntry]{
		columns: []string{"seq", "at", "actor", "action", "request_id", "via", "tenant", "user", "policy_version", "detail"},
		cells: func(e v1.AuditEntry) []string {
			var account v1.Identity
			if e.Identity != nil {
				account = *e.Identity
			}
			return []string{
				strconv.FormatInt(e.Seq, 10), stamp(e.At), e.Actor, e.Action, e.RequestID, e.Via, account.Tenant, account.User,
				strconv.FormatInt(e.PolicyVersion, 10), string(e.Detail),
			}
		},
	}
}
