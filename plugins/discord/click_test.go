package discord

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/plugins"
	"github.com/accede/accede/plugins/discord/discordsim"
	"github.com/accede/accede/plugins/standin"
)

func inEachMode(t *testing.T, test func(t *testing.T, mode func(*setting))) {
	t.Helper()
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, mode)
		})
	}
}

func (w *world) oneDecision() v1.Decision {
	w.t.Helper()
	made := w.decisions.Distinct()
	if len(made) != 1 {
		w.t.Fatalf("%d decisions, want 1: %+v", len(made), made)
	}
	for _, d := range made {
		return d
	}
	return v1.Decision{}
}

func TestApproving(t *testing.T) {
	inEachMode(t, func(t *testing.T, mode func(*setting)) {
		w := newWorld(t, mode).listen()
		_, m := w.post(access, keyOne, demoCard())
		if result := w.click("ivan", m, "Approve"); !result.OK || result.Answer != 6 {
			t.Fatalf("%+v", result)
		}
		d := w.oneDecision()
		if d.Identity != (v1.Identity{Plugin: Name, Tenant: discordsim.DemoApplication, User: "1000000000000000002"}) {
			t.Errorf("identity %+v", d.Identity)
		}
		if d.RequestID != requestID || d.Verdict != v1.Approve || d.SeenVersion != 1 || d.SeenFingerprint != "0011223344556677" {
			t.Errorf("decision %+v", d)
		}
		if d.UserName != "Ivan Petrov (ivan)" || d.Evidence[evidenceMessage] != m.ID || d.Evidence[evidenceGuild] != discordsim.DemoGuild {
			t.Errorf("decision %+v", d)
		}
	})
}

func TestDenyingAsksWhy(t *testing.T) {
	inEachMode(t, func(t *testing.T, mode func(*setting)) {
		w := newWorld(t, mode).listen()
		_, m := w.post(access, keyOne, demoCard())
		if result := w.click("ivan", m, "Deny"); !result.OK || result.Answer != 9 || len(w.decisions.All()) != 0 {
			t.Fatalf("%+v, decisions %v", result, w.decisions.All())
		}
		if result := w.submit("ivan", "  not *this* week \n"); !result.OK || result.Answer != 6 {
			t.Fatalf("%+v", result)
		}
		if d := w.oneDecision(); d.Verdict != v1.Deny || d.Reason != "not *this* week" || d.Evidence[evidenceMessage] != m.ID {
			t.Errorf("decision %+v", d)
		}
		if open := w.sim.Modals("ivan"); len(open) != 0 {
			t.Errorf("the form stays open: %+v", open)
		}
	})
}

func TestTheLongestReasonFits(t *testing.T) {
	w := newWorld(t).listen()
	_, m := w.post(access, keyOne, demoCard())
	w.click("ivan", m, "Deny")
	if result := w.submit("ivan", strings.Repeat("👍", maxFormInput)); !result.OK {
		t.Fatalf("%+v", result)
	}
	if d := w.oneDecision(); len(d.Reason) != v1.MaxReasonBytes {
		t.Errorf("%d bytes", len(d.Reason))
	}
}

func TestWhoseClicksCountForNothing(t *testing.T) {
	guilds := func(ids ...string) func(*setting) { return func(s *setting) { s.config.Guilds = ids } }
	linkOnly := func(s *setting) { s.deps.DecideInChat = false }
	otherKey := func(s *setting) { s.deps.Seal = plugins.NewSealer([]byte("another installation")) }
	for name, c := range map[string]struct {
		change  func(*setting)
		user    string
		channel string
		want    string
	}{
		"another server":   {guilds(discordsim.DemoGuild), "mallory", discordsim.DemoPartners, sayForeign},
		"link only":        {linkOnly, "ivan", access, sayNotHere},
		"another sealer's": {otherKey, "ivan", access, sayOldCard},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.change).listen()
			card, err := artist{seal: plugins.NewSealer([]byte(sealSecret))}.card(demoCard(), markOf(keyOne))
			if err != nil {
				t.Fatal(err)
			}
			id, err := w.api().post(t.Context(), c.channel, markOf(keyOne), card)
			if err != nil {
				t.Fatal(err)
			}
			if result := w.click(c.user, discordsim.SeenMessage{ID: id, Channel: c.channel}, "Approve"); !result.OK || result.Answer != 4 {
				t.Errorf("%+v", result)
			}
			w.heard(c.user, discordsim.Read(c.want).Text)
			if made := w.decisions.All(); len(made) != 0 {
				t.Errorf("decisions %+v", made)
			}
		})
	}
}

func (w *world) api() *api {
	switch b := w.bot.(type) {
	case *gatewayBot:
		return b.api
	case *httpBot:
		return b.api
	default:
		return nil
	}
}

func TestDirectMessagesCountForMembersOnly(t *testing.T) {
	for user, want := range map[string]string{"carol": "", "mallory": sayNoMember} {
		w := newWorld(t, func(s *setting) { s.config.Guilds = []string{discordsim.DemoGuild} }).listen()
		id := map[string]string{"carol": "1000000000000000004", "mallory": "1000000000000000006"}[user]
		found, err := w.bot.(plugins.Resolver).Resolve(t.Context(), plugins.Recipient{Name: "@" + id}) //nolint:errcheck // a bot of this package
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		_, m := w.post(found[0].ID, keyOne, demoCard())
		w.click(user, m, "Approve")
		if made := len(w.decisions.All()); (made == 1) != (want == "") {
			t.Errorf("%s made %d decisions", user, made)
		}
		if want != "" {
			w.heard(user, want)
		}
	}
}

func TestAFormIsForOnePersonAndRunsOut(t *testing.T) {
	forge := func(w *world, change func(map[string]any)) {
		payload := map[string]any{
			"id": "1300000000000000001", "application_id": discordsim.DemoApplication, "type": 5, "token": "tok", "channel_id": access,
			"guild_id": discordsim.DemoGuild, "member": map[string]any{"user": map[string]any{"id": "1000000000000000003"}},
			"data": map[string]any{"custom_id": w.sim.Modals("ivan")[0].CustomID},
		}
		change(payload)
		raw, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.sim.Forge(t.Context(), discordsim.Forgery{Kind: "signed", Payload: raw}); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, viaHTTP)
	_, m := w.post(access, keyOne, demoCard())
	w.click("ivan", m, "Deny")
	forge(w, func(map[string]any) {}) // bob sends ivan's form
	if made := w.decisions.All(); len(made) != 0 {
		t.Errorf("somebody else's form made %+v", made)
	}
	w.clock.Advance(formLife + time.Minute)
	w.submit("ivan", "too late")
	if made := w.decisions.All(); len(made) != 0 {
		t.Errorf("an old form made %+v", made)
	}
	w.heard("ivan", "this form was open for too long")
}

func TestAButtonOfOneCardIsNoForm(t *testing.T) {
	w := newWorld(t, viaHTTP)
	_, m := w.post(access, keyOne, demoCard())
	sealed := strings.Split(m.Components[0].Components[1].CustomID, ".")[1]
	raw, err := json.Marshal(map[string]any{
		"id": "1300000000000000001", "application_id": discordsim.DemoApplication, "type": 5, "token": "tok", "channel_id": access,
		"user": map[string]any{"id": "1000000000000000002"}, "data": map[string]any{"custom_id": prefixForm + sealed},
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := w.sim.Forge(t.Context(), discordsim.Forgery{Kind: "signed", Payload: raw})
	if err != nil || result.Status != 202 || len(w.decisions.All()) != 0 {
		t.Errorf("%+v, %v, decisions %v", result, err, w.decisions.All())
	}
}

func TestAnEditedRequestVoidsOldButtons(t *testing.T) {
	w := newWorld(t).listen()
	r, old := w.post(access, keyOne, demoCard())
	edited := demoCard(func(c *plugins.Card) { c.Version, c.Fingerprint = 2, "8899aabbccddeeff" })
	if err := w.bot.(plugins.Updater).Update(t.Context(), r, edited); err != nil { //nolint:errcheck // a bot of this package
		t.Fatal(err)
	}
	if _, err := w.sim.Click(t.Context(), discordsim.Click{
		User: "ivan", Channel: access, Message: old.ID, CustomID: old.Components[0].Components[0].CustomID,
	}); err == nil {
		t.Error("the old button is still there")
	}
	w.click("ivan", old, "Approve")
	if d := w.oneDecision(); d.SeenVersion != 2 || d.SeenFingerprint != "8899aabbccddeeff" {
		t.Errorf("decision %+v", d)
	}
}

func TestTheSameClickTwiceIsOneDecision(t *testing.T) {
	inEachMode(t, func(t *testing.T, mode func(*setting)) {
		w := newWorld(t, mode).listen()
		if err := w.sim.Faults().Set(standin.Faults{DeliverTwice: 1}); err != nil {
			t.Fatal(err)
		}
		_, m := w.post(access, keyOne, demoCard())
		if result := w.click("ivan", m, "Approve"); !result.OK || !result.Twice {
			t.Fatalf("%+v", result)
		}
		w.oneDecision()
		if _, err := w.sim.Forge(t.Context(), discordsim.Forgery{Kind: "replay"}); err != nil {
			t.Fatal(err)
		}
		w.oneDecision()
	})
}

func TestTwoReplicasHearOneClick(t *testing.T) {
	w := newWorld(t).listen()
	second := &gatewayBot{bot: w.bot.(*gatewayBot).bot} //nolint:errcheck // a gateway bot
	other := &world{t: t, sim: w.sim, bot: second, decisions: w.decisions, ended: make(chan error, 1)}
	second.bot = func() *bot { b := *second.bot; b.seen, b.acks = newSeen(b.now), newAcks(); return &b }()
	ctx := t.Context()
	go func() { other.ended <- second.Listen(ctx, other.decisions) }()
	w.awaitSessions(2)
	_, m := w.post(access, keyOne, demoCard())
	if result := w.click("ivan", m, "Approve"); !result.OK {
		t.Fatalf("%+v", result)
	}
	w.oneDecision()
	t.Cleanup(func() { assertEnded(t, other.ended) })
}

func TestALateClickIsRecordedAllTheSame(t *testing.T) {
	w := newWorld(t).listen()
	_, m := w.post(access, keyOne, demoCard())
	if err := w.sim.Faults().Set(standin.Faults{Only: []string{"create-interaction-response"}, DelayMS: 3500}); err != nil {
		t.Fatal(err)
	}
	if result := w.click("ivan", m, "Approve"); result.OK {
		t.Fatalf("%+v", result)
	}
	w.oneDecision()
}

func TestADecisionThatIsNotTaken(t *testing.T) {
	w := newWorld(t).listen()
	w.decisions.Refuse(errUnreadable)
	_, m := w.post(access, keyOne, demoCard())
	w.click("ivan", m, "Approve")
	w.heard("ivan", "the click could not be read")
}

func TestForeignInteractionsAreLeftAlone(t *testing.T) {
	w := newWorld(t, viaHTTP, func(s *setting) { s.config.ApplicationID = discordsim.DemoApplication })
	for name, payload := range map[string]string{
		"another application": `{"id":"1300000000000000001","application_id":"1200000000000000009","type":3,"token":"t","user":{"id":"1000000000000000002"},"data":{"custom_id":"as.AZqgsQAAcACAAAAAAAAAAQ"}}`,
		"another program's":   `{"id":"1300000000000000002","application_id":"1200000000000000001","type":3,"token":"t","user":{"id":"1000000000000000002"},"data":{"custom_id":"vote"}}`,
		"a command":           `{"id":"1300000000000000003","application_id":"1200000000000000001","type":2,"token":"t","user":{"id":"1000000000000000002"},"data":{}}`,
	} {
		result, err := w.sim.Forge(t.Context(), discordsim.Forgery{Kind: "signed", Payload: json.RawMessage(payload)})
		if err != nil || result.Status != 202 {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
	if calls := w.sim.Stats().Methods["create-interaction-response"].Calls; calls != 0 || len(w.decisions.All()) != 0 {
		t.Errorf("%d answers, decisions %v", calls, w.decisions.All())
	}
}

func TestBotsDoNotDecide(t *testing.T) {
	w := newWorld(t, viaHTTP)
	_, m := w.post(access, keyOne, demoCard())
	raw, err := json.Marshal(map[string]any{
		"id": "1300000000000000001", "application_id": discordsim.DemoApplication, "type": 3, "token": "tok", "channel_id": access,
		"user": map[string]any{"id": "1000000000000000002", "bot": true},
		"data": map[string]any{"custom_id": m.Components[0].Components[0].CustomID},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.sim.Forge(t.Context(), discordsim.Forgery{Kind: "signed", Payload: raw}); err != nil || len(w.decisions.All()) != 0 {
		t.Errorf("%v, decisions %v", err, w.decisions.All())
	}
}
