package teamssim_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accede/accede/internal/eventually"
	"github.com/accede/accede/plugins/standin"
	"github.com/accede/accede/plugins/teams/teamssim"
)

func (w *world) page(query string) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+"/"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%d %v", resp.StatusCode, err)
	}
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		w.t.Errorf("policy %q", policy)
	}
	return string(body)
}

func (w *world) submit(path string, values url.Values) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/"+path, strings.NewReader(values.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("%s: %d", path, resp.StatusCode)
	}
	return resp.Header.Get("Location")
}

func TestThePageShowsCardsAndTakesClicks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hostile := `{"type":"AdaptiveCard","version":"1.5","body":[` +
		`{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"<script>x</script> **not bold** {{DATE(2026-11-21T09:30:00Z)}}"}]},` +
		`{"type":"TextBlock","text":"<b>no</b> **bold** [here](https://example.com/) {{DATE(2026-11-21T09:30:00Z, COMPACT)}} {{TIME(2026-11-21T09:30:00Z)}}"},` +
		`{"type":"Input.Text","id":"reason","label":"Why?","isMultiline":true}],` +
		`"actions":[{"type":"Action.Execute","title":"Approve","verb":"approve","style":"positive"},{"type":"Action.OpenUrl","title":"Open","url":"https://example.com/r"}]}`
	_, id := w.post(hostile)
	page := w.page("?as=ivan")
	for _, part := range []string{
		"&lt;script&gt;", "**not bold**", "{{DATE(2026-11-21T09:30:00Z)}}", "<strong>bold</strong>", `<a href="https://example.com/"`,
		"2026-11-21 09:30", `name="input:reason"`, `value="approve" class="positive"`, `href="https://example.com/r"`, "Platform › access-requests",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if strings.Contains(page, "<script>x") || strings.Contains(page, "<b>no") {
		t.Error("text of a card came alive")
	}
	w.say(200, `{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":"ok"}`)
	back := w.submit("page/click", url.Values{"as": {"ivan"}, "message": {id}, "verb": {"approve"}, "input:reason": {"a\r\nb"}, "back": {"?as=ivan"}})
	if !strings.HasPrefix(back, "../?as=ivan&result=") {
		t.Errorf("leads back to %q", back)
	}
	if page := w.page(strings.TrimPrefix(back, "../")); !strings.Contains(page, "The app answered in") {
		t.Error("the page does not say what came of it")
	}
	value, _ := w.told()[0]["value"].(map[string]any)
	action, _ := value["action"].(map[string]any)
	if data, _ := action["data"].(map[string]any); data["reason"] != "a\nb" {
		t.Errorf("data %v", data)
	}
	gone := w.submit("page/click", url.Values{"as": {"ivan"}, "message": {"1"}, "verb": {"approve"}, "back": {"?as=ivan"}})
	if page := w.page(strings.TrimPrefix(gone, "../")); !strings.Contains(page, "not there any more") {
		t.Errorf("leads back to %q", gone)
	}
}

func TestThePageRefreshesCards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roster, answer := w.call("GET", rooms+"/"+url.PathEscape(teamssim.DemoChannel)+"/pagedmembers", "")
	if roster != 200 {
		t.Fatal(answer)
	}
	members, _ := answer["members"].([]any)
	ivan, _ := members[1].(map[string]any)
	id, _ := ivan["id"].(string)
	card := strings.Replace(plainCard, `"actions"`, `"refresh":{"action":{"type":"Action.Execute","verb":"show","data":{}},"userIds":["`+id+`"]},"actions"`, 1)
	w.post(card)
	w.say(200, `{"statusCode":200,"type":"application/vnd.microsoft.card.adaptive","value":`+strings.Replace(plainCard, "hello", "newer", 1)+`}`)
	w.page("?as=bob")
	w.page("?as=ivan")
	eventually.True(t, 10*time.Second, "the newer card", func() bool { return strings.Contains(w.page("?as=ivan"), "newer") })
	if strings.Contains(w.page("?as=bob"), "newer") || len(w.told()) != 1 {
		t.Errorf("the bot was asked %d times", len(w.told()))
	}
}

func TestThePageForPeopleInTheirChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := "?as=alice&room=" + url.QueryEscape(w.sim.ChatOf("alice"))
	if page := w.page(chat + "&bare=1"); !strings.Contains(page, "Remove the app") || !strings.Contains(page, "Type a message") || !strings.Contains(page, `class="bare"`) {
		t.Error("the chat lacks its forms")
	}
	w.submit("page/say", url.Values{"as": {"alice"}, "text": {"hello"}, "back": {chat}})
	w.submit("page/install", url.Values{"as": {"alice"}, "remove": {"1"}, "back": {chat}})
	eventually.True(t, 10*time.Second, "the bot to be told", func() bool { return len(w.told()) == 2 })
	if told := w.told(); told[0]["text"] != "hello" || told[1]["action"] != "remove" {
		t.Errorf("%v", told)
	}
	if page := w.page("?as=mallory"); !strings.Contains(page, "other organisation") {
		t.Error("mallory is not told apart")
	}
}

func TestTheStage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.post(plainCard)
	w.say(200, `{"statusCode":200,"type":"application/vnd.microsoft.card.adaptive","value":`+strings.Replace(plainCard, "hello", "for you", 1)+`}`)
	reaction, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: id, Action: "approve"})
	if err != nil || !reaction.OK || !strings.Contains(reaction.Said, "for you") {
		t.Fatalf("%+v, %v", reaction, err)
	}
	posts := w.sim.Posts()
	if len(posts) != 2 || posts[0].Place != "#access-requests" || posts[0].Key != "k1" || posts[1].OnlyFor != "ivan" || posts[1].Parent != id || posts[1].Deleted {
		t.Errorf("posts %+v", posts)
	}
	if _, err := w.sim.Do(t.Context(), standin.Deed{Person: "ivan", Post: posts[1].ID, Action: "deny"}); err == nil {
		t.Error("there is no such button")
	}
}

func FuzzCard(f *testing.F) {
	f.Add([]byte(plainCard))
	f.Add([]byte(`{"type":"AdaptiveCard","version":"1.5","refresh":{"action":{"type":"Action.Execute"},"userIds":[]},"body":[{"type":"ColumnSet","columns":[{"type":"Column","items":[{"type":"Input.Text","id":"x"}]}]}]}`))
	f.Fuzz(func(_ *testing.T, raw []byte) { teamssim.ReadCard(raw) })
}
