package teamssim

import (
	"net/http"
	"strconv"
)

// send posts into a conversation, below a message if the path names one.
func (s *Sim) send(c call) (int, any, *apiError) {
	in, card, refused := parseIncoming(c.body)
	if refused != nil {
		return 0, nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, root := s.find(c.PathValue("conversation"))
	if refused := s.refusesWrite(r); refused != nil {
		return 0, nil, refused
	}
	if c.URL.Query().Get("isTargetedActivity") == "true" {
		return s.whisper(r, in, card)
	}
	replyTo := c.PathValue("id")
	if replyTo != "" && r.message(replyTo) == nil {
		return 0, nil, noActivity()
	}
	m, named := s.post(r, root, in, card)
	m.replyTo = replyTo
	if !named {
		return http.StatusCreated, map[string]string{}, nil
	}
	return http.StatusCreated, map[string]string{"id": m.id}, nil
}

// refusesWrite says why the bot may not write into a conversation. The lock must be held.
func (s *Sim) refusesWrite(r *room) *apiError {
	switch {
	case r == nil:
		return notFound()
	case !s.inRoster(r):
		return notInRoster()
	case r.kind == kindPersonal && r.members[0].Blocked:
		return blocked()
	default:
		return nil
	}
}

// whisper posts a targeted message.
func (s *Sim) whisper(r *room, in incoming, card *adaptiveCard) (int, any, *apiError) {
	if r.kind == kindPersonal || in.Recipient == nil {
		return 0, nil, badSyntax("Targeted messages need a recipient and a shared conversation.")
	}
	p := s.named(in.Recipient.ID)
	if p == nil || p.mri != in.Recipient.ID || !r.has(p) {
		return 0, nil, badSyntax("The recipient is not a member of the conversation.")
	}
	m, _ := s.post(r, nil, in, card)
	m.onlyFor = p
	return http.StatusCreated, map[string]string{"id": m.id}, nil
}

// edit replaces a message of the bot's own. What single people saw of it is gone.
func (s *Sim) edit(c call) (int, any, *apiError) {
	in, card, refused := parseIncoming(c.body)
	if refused != nil {
		return 0, nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, refused := s.own(c)
	if refused != nil {
		return 0, nil, refused
	}
	m.text, m.summary, m.card = in.Text, in.Summary, card
	if key := deliveryKey(card); key != "" {
		m.key = key
	}
	m.updates++
	m.views, m.looked = nil, map[*person]bool{}
	s.changes.Touch()
	return http.StatusOK, map[string]string{"id": m.id}, nil
}

// remove deletes a message of the bot's own.
func (s *Sim) remove(c call) (int, any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, refused := s.own(c)
	if refused != nil {
		return 0, nil, refused
	}
	m.deleted = true
	s.changes.Touch()
	return http.StatusOK, map[string]string{}, nil
}

// own finds the message that the path names. The lock must be held.
func (s *Sim) own(c call) (*message, *apiError) {
	r, _ := s.find(c.PathValue("conversation"))
	if refused := s.refusesWrite(r); refused != nil {
		return nil, refused
	}
	m := r.message(c.PathValue("id"))
	if m == nil || m.deleted {
		return nil, noActivity()
	}
	return m, nil
}

// wireMember is an account as rosters show it.
type wireMember struct {
	ID       string `json:"id"`
	ObjectID string `json:"aadObjectId,omitempty"`
	Object   string `json:"objectId,omitempty"`
	Name     string `json:"name"`
	Email    string `json:"email,omitempty"`
	UPN      string `json:"userPrincipalName,omitempty"`
	Tenant   string `json:"tenantId"`
	Role     string `json:"userRole"`
}

func (p *person) wire() wireMember {
	role := "user"
	switch {
	case p.Anonymous:
		role = "anonymous"
	case p.Guest:
		role = "guest"
	}
	return wireMember{
		ID: p.mri, ObjectID: p.ID, Object: p.ID, Name: p.DisplayName, Email: p.Email, UPN: p.Email, Tenant: p.Tenant, Role: role,
	}
}

func (s *Sim) pagedMembers(c call) (int, any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _ := s.find(c.PathValue("conversation"))
	if refused := s.refusesRead(r); refused != nil {
		return 0, nil, refused
	}
	size := min(max(number(c.URL.Query().Get("pageSize"), 200), 50), 500)
	start := number(c.URL.Query().Get("continuationToken"), 0)
	page := r.members[min(start, len(r.members)):]
	answer := map[string]any{}
	if len(page) > size {
		page = page[:size]
		answer["continuationToken"] = strconv.Itoa(start + size)
	}
	members := make([]wireMember, 0, len(page))
	for _, p := range page {
		members = append(members, p.wire())
	}
	answer["members"] = members
	return http.StatusOK, answer, nil
}

func (s *Sim) oneMember(c call) (int, any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _ := s.find(c.PathValue("conversation"))
	if refused := s.refusesRead(r); refused != nil {
		return 0, nil, refused
	}
	p := s.named(c.PathValue("id"))
	if p == nil || !r.has(p) {
		return 0, nil, &apiError{
			status: http.StatusNotFound, code: "MemberNotFoundInConversation", message: "The member is not found in the conversation.",
		}
	}
	return http.StatusOK, p.wire(), nil
}

func (s *Sim) refusesRead(r *room) *apiError {
	if r == nil {
		return notFound()
	}
	if !s.inRoster(r) {
		return notInRoster()
	}
	return nil
}
