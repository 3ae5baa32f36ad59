package mattermostsim

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/mattermost/mattermost-server/v6/model"

	"github.com/accede/accede/plugins/standin"
)

// Ids of buttons: the routes of servers before 11 take letters and digits only, all others are not found.
var (
	oldActionID = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	newActionID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

func (s Server) takesAction(id string) bool {
	if s.atLeast(11, 0) {
		return newActionID.MatchString(id)
	}
	return oldActionID.MatchString(id)
}

func (s Server) atLeast(major, minor int) bool {
	parts := append(strings.Split(s.Version, "."), "0", "0")
	have, err1 := strconv.Atoi(parts[0])
	then, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil {
		return false
	}
	return have > major || have == major && then >= minor
}

// actionAnswer is what an integration may answer to a press of a button.
type actionAnswer struct {
	Update    *model.Post `json:"update"`
	Ephemeral string      `json:"ephemeral_text"`
	Verbatim  bool        `json:"skip_slack_parsing"`
	Error     struct {
		Message string `json:"message"`
	} `json:"error"`
}

// doPostAction presses a button as the caller.
func (s *Sim) doPostAction(c *call) (int, any, *problem) {
	out, trigger, _, p := s.press(c.r.Context(), c.user, c.path("post"), c.path("action"))
	if p == nil {
		p = out.problem
	}
	if p != nil {
		return 0, nil, p
	}
	return http.StatusOK, map[string]string{"status": "OK", "trigger_id": trigger}, nil
}

// press calls the button's integration and does what it answers. The problem says that there was nothing to press; one in
// the outcome is the integration's.
func (s *Sim) press(ctx context.Context, u User, postID, actionID string) (out outcome, trigger, whispered string, p *problem) {
	request, address, root, p := s.aim(u, postID, actionID)
	if p != nil {
		return outcome{}, "", "", p
	}
	trigger, _, failed := request.GenerateTriggerId(s.key)
	if failed != nil {
		return outcome{}, "", "", fail(failed.StatusCode, failed.Id, failed.Message)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return outcome{}, "", "", fail(http.StatusInternalServerError, "api.marshal_error", err.Error())
	}
	s.log.sent(&s.log.press, body)
	out = s.callIntegration(ctx, address, body)
	if out.problem == nil {
		whispered, out.problem = s.obey(u, postID, root, out.body)
	}
	return out, trigger, whispered, nil
}

// aim finds the button and describes the press.
func (s *Sim) aim(u User, postID, actionID string) (request *model.PostActionIntegrationRequest, address, root string, p *problem) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.server.takesAction(actionID) || !model.IsValidId(postID) {
		return nil, "", "", noSuchPage()
	}
	found := s.posts[postID]
	if found == nil || found.DeleteAt > 0 || found.onlyFor != "" && found.onlyFor != u.ID {
		return nil, "", "", noPost()
	}
	ch := s.channels[found.ChannelId]
	if !ch.hasMember(u.ID) {
		return nil, "", "", forbidden()
	}
	action := found.GetAction(actionID)
	if action == nil || action.Integration == nil {
		return nil, "", "", fail(http.StatusNotFound, "api.post.do_action.action_id.app_error", "Invalid action id.")
	}
	root = found.RootId
	if root == "" {
		root = found.Id
	}
	return &model.PostActionIntegrationRequest{
		UserId: u.ID, UserName: u.Name, ChannelId: ch.id, ChannelName: ch.name, TeamId: s.teamID(ch.team), TeamName: ch.team,
		PostId: postID, Type: action.Type, Context: action.Integration.Context,
	}, action.Integration.URL, root, nil
}

// obey does what an integration answered: changes the post, and tells the person something.
func (s *Sim) obey(u User, postID, root string, body []byte) (whispered string, p *problem) {
	var answer actionAnswer
	if len(body) > 0 && json.Unmarshal(body, &answer) != nil {
		return "", integrationError("the answer is not JSON")
	}
	if answer.Error.Message != "" && s.Server().atLeast(10, 5) {
		return "", fail(http.StatusBadRequest, "api.post.do_action.action_integration.app_error", answer.Error.Message)
	}
	if answer.Update != nil {
		if p := s.replace(postID, answer.Update); p != nil {
			return "", p
		}
	}
	if answer.Ephemeral != "" {
		s.mu.RLock()
		channel := s.posts[postID].ChannelId
		s.mu.RUnlock()
		s.whisper(u.ID, channel, root, u.ID, answer.Ephemeral)
	}
	return answer.Ephemeral, nil
}

// retained are the props that an update cannot change.
func retained() []string { return []string{"from_webhook", "override_username", "override_icon_url"} }

// replace puts an integration's update in a post's place. Without props the old ones stay, buttons included.
func (s *Sim) replace(postID string, update *model.Post) *problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.posts[postID]
	props := update.GetProps()
	if props == nil {
		props = p.GetProps()
	} else {
		for _, name := range retained() {
			delete(props, name)
			if old := p.GetProp(name); old != nil {
				props[name] = old
			}
		}
	}
	return s.edit(p, update.Message, props)
}

// Click is a person pressing a button of a post.
type Click struct {
	// User is an id or a name.
	User   string `json:"user"`
	Post   string `json:"post"`
	Action string `json:"action"`
}

// Click presses a button as a person and waits until the app has answered. The error says why that person could not have
// pressed it.
func (s *Sim) Click(ctx context.Context, c Click) (Result, error) {
	u, known := s.userNamed(c.User)
	if !known {
		return Result{}, standin.Refuse("there is nobody called %q", c.User)
	}
	out, trigger, whispered, p := s.press(ctx, u, c.Post, c.Action)
	if p != nil {
		return Result{}, standin.Refuse("%s cannot press %q of post %s: %s", u.Name, c.Action, c.Post, p.Message)
	}
	return s.finish("action", u, out, func(r *Result) { r.TriggerID, r.Whispered = trigger, whispered }), nil
}
