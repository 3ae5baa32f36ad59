package jirasim

import (
	"net/http"
	"slices"
)

func myself(s *Sim, _ *http.Request, c call) (answer, error) { return ok(s.wireUser(c.user.ID)) }

func serverInfo(s *Sim, _ *http.Request, _ call) (answer, error) {
	kind := s.cfg.Deployment
	switch {
	case kind != "":
	case s.cfg.Cloud:
		kind = "Cloud"
	default:
		kind = "Server"
	}
	return ok(map[string]string{"baseUrl": s.opts.BaseURL, "version": "10.3.0", "deploymentType": kind})
}

func permissions(s *Sim, r *http.Request, c call) (answer, error) {
	asked := split(r.URL.Query().Get("permissions"))
	if s.cfg.Cloud && len(asked) == 0 {
		return answer{}, refuse(http.StatusBadRequest, "The 'permissions' query parameter is required.")
	}
	if _, known := s.project(r.URL.Query().Get("projectKey")); !known {
		return answer{}, refuse(http.StatusNotFound, "No project could be found with key '"+r.URL.Query().Get("projectKey")+"'.")
	}
	out := map[string]any{}
	for _, name := range asked {
		out[name] = map[string]any{"key": name, "havePermission": c.user.may(name)}
	}
	return ok(map[string]any{"permissions": out})
}

func getUser(s *Sim, r *http.Request, _ call) (answer, error) {
	q := r.URL.Query()
	asked := q.Get("accountId")
	if !s.cfg.Cloud {
		asked = q.Get("key")
	}
	u, known := s.user(asked)
	if !known {
		return answer{}, refuse(http.StatusNotFound, "Specified user does not exist or you do not have required permissions")
	}
	return ok(s.wireUser(u.ID))
}

func getStatus(s *Sim, r *http.Request, _ call) (answer, error) {
	if _, known := s.status(r.PathValue("status")); !known {
		return answer{}, refuse(http.StatusNotFound, "The status with id '"+r.PathValue("status")+"' does not exist")
	}
	return ok(s.wireStatus(r.PathValue("status")))
}

func (s *Sim) seenProject(r *http.Request, c call) (Project, error) {
	project, known := s.project(r.PathValue("project"))
	if !known || !c.user.may(browse) {
		return Project{}, refuse(http.StatusNotFound, "No project could be found with key '"+r.PathValue("project")+"'.")
	}
	return project, nil
}

func getProject(s *Sim, r *http.Request, c call) (answer, error) {
	project, err := s.seenProject(r, c)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]string{"id": project.ID, "key": project.Key, "name": project.Name})
}

// kinds are the types of issues of every project.
func kinds() []map[string]any {
	return []map[string]any{{"id": "10001", "name": "Task", "subtask": false}, {"id": "10002", "name": "Access request", "subtask": false}}
}

func projectStatuses(s *Sim, r *http.Request, c call) (answer, error) {
	if _, err := s.seenProject(r, c); err != nil {
		return answer{}, err
	}
	all := []map[string]any{}
	for _, one := range s.cfg.Statuses {
		all = append(all, s.wireStatus(one.ID))
	}
	out := kinds()
	for i := range out {
		out[i]["statuses"] = all
	}
	return ok(out)
}

func projectRoles(s *Sim, r *http.Request, c call) (answer, error) {
	project, err := s.seenProject(r, c)
	if err != nil {
		return answer{}, err
	}
	roles := map[string]string{}
	for _, u := range s.cfg.Users {
		for _, role := range u.Roles {
			roles[role] = s.opts.BaseURL + "/rest/api/2/project/" + project.ID + "/role/10300"
		}
	}
	return ok(roles)
}

// listOf names a list as the edition does.
func (s *Sim) listOf(name string, items []map[string]any) map[string]any {
	if !s.cfg.Cloud {
		name = "values"
	}
	return map[string]any{"startAt": 0, "maxResults": s.cfg.PageSize, "total": len(items), name: items}
}

func createTypes(s *Sim, r *http.Request, c call) (answer, error) {
	if _, err := s.seenProject(r, c); err != nil {
		return answer{}, err
	}
	if !c.user.may(create) {
		return ok(s.listOf("issueTypes", []map[string]any{}))
	}
	return ok(s.listOf("issueTypes", kinds()))
}

func createFields(s *Sim, r *http.Request, c call) (answer, error) {
	project, err := s.seenProject(r, c)
	if err != nil {
		return answer{}, err
	}
	fields := []map[string]any{}
	for _, name := range append([]string{"project", "issuetype", "summary", "description", "labels", "components"}, project.Required...) {
		fields = append(fields, map[string]any{
			"fieldId": name, "name": name, "hasDefaultValue": false,
			"required": slices.Contains(project.Required, name) || slices.Contains([]string{"project", "issuetype", "summary"}, name),
		})
	}
	return ok(s.listOf("fields", fields))
}
