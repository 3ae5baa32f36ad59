package httpapi_test

import (
	"strings"
	"sync"
	"testing"

	v1 "github.com/accede/accede/api/v1"
)

func keyed(key string, a ask) ask {
	a.headers = map[string]string{"Idempotency-Key": key}
	return a
}

func TestSameKeySameAnswer(t *testing.T) {
	s := serve(t)
	post := keyed("k1", ask{method: "POST", path: "/v1/tokens", who: "alice", body: v1.TokenInput{Title: "ci"}})
	first := s.want(201, post)
	calls := s.core.Calls()
	second := s.want(201, post)
	if first.body != second.body || second.header.Get("Idempotent-Replayed") != "true" || s.core.Calls() != calls {
		t.Errorf("repeat: %s then %s, headers %v", first.body, second.body, second.header)
	}
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says that it is a repeat")
	}
	var token v1.SecretToken
	first.into(t, &token)
	if stored := s.core.Stored(); strings.Contains(stored, token.Secret) || strings.Contains(stored, "k1") {
		t.Errorf("the store has the secret or the key: %q", stored)
	}
}

func TestSameKeyOtherAsk(t *testing.T) {
	s := serve(t)
	s.want(201, keyed("k", ask{method: "POST", path: "/v1/tokens", who: "alice", body: v1.TokenInput{Title: "a"}}))
	p := s.want(409, keyed("k", ask{method: "POST", path: "/v1/tokens", who: "alice", body: v1.TokenInput{Title: "b"}})).problem(t)
	if p.Code != v1.CodeIdempotencyConflict {
		t.Errorf("%+v", p)
	}
	other := s.want(201, keyed("k", ask{method: "POST", path: "/v1/tokens", who: "bob", body: v1.TokenInput{Title: "a"}}))
	if other.header.Get("Idempotent-Replayed") != "" {
		t.Error("bob got alice's answer")
	}
}

func TestKeyOfAnotherTokenOpensNothing(t *testing.T) {
	s := serve(t)
	post := keyed("k", ask{method: "POST", path: "/v1/tokens", who: "alice", body: v1.TokenInput{Title: "ci"}})
	var token v1.SecretToken
	s.want(201, post).into(t, &token)
	post.headers["Authorization"] = "Bearer " + token.Secret
	p := s.want(409, post).problem(t)
	if p.Code != v1.CodeIdempotencyConflict {
		t.Errorf("%+v", p)
	}
}

func TestRefusedCallsAreJudgedAnew(t *testing.T) {
	s := serve(t)
	id := s.create("x").ID
	post := keyed("k", ask{method: "POST", path: "/v1/requests/" + id + "/reviews", who: "alice", body: v1.ReviewInput{Verdict: v1.Approve}})
	s.want(403, post)
	if got := s.want(403, post); got.header.Get("Idempotent-Replayed") != "" {
		t.Error("a refusal was stored")
	}
}

func TestMalformedKeys(t *testing.T) {
	s := serve(t)
	for _, key := range []string{"a b", "ä", strings.Repeat("x", 256)} {
		s.want(422, keyed(key, ask{method: "POST", path: "/v1/tokens", who: "alice", body: v1.TokenInput{Title: "a"}})).problem(t)
	}
}

func TestConcurrentCallsWithOneKeyRunOnce(t *testing.T) {
	s := serve(t)
	post := keyed("k", ask{method: "POST", path: "/v1/tokens", who: "alice", body: v1.TokenInput{Title: "ci"}})
	var wg sync.WaitGroup
	answers := make([]reply, 16)
	for i := range answers {
		wg.Go(func() { answers[i] = s.do(post) })
	}
	wg.Wait()
	for _, got := range answers {
		if got.status != 201 || got.body != answers[0].body {
			t.Errorf("%d %s, want %s", got.status, got.body, answers[0].body)
		}
	}
	if calls := s.core.Calls(); calls != 1 {
		t.Errorf("carried out %d times", calls)
	}
}
