package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/httpapi/httpapitest"
	"github.com/accede/accede/internal/process"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"accede": func() { os.Exit(process.Main(run)) },    //nolint:forbidigo // this is main
		"browse": func() { os.Exit(process.Main(browse)) }, //nolint:forbidigo // as above
	})
}

// browse opens a page as a browser without a screen does.
func browse(ctx context.Context, env process.Env) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, env.Args[0], http.NoBody)
	if err != nil {
		return 2
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		return 1
	}
	if response.Body.Close() != nil || response.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

type (
	worldKey   struct{}
	browserKey struct{}
)

// TestScripts runs the command line as people do. Each script has a core of its own at $SERVER. Besides testscript's
// commands there are
//
//	as NAME          call as a demo person from now on
//	code N COMMAND   run a command that must end with this exit code
//	create REASON    ask for dba as alice and set $ID, $SHORT
//	refuse NAME      let a person's click on $ID be refused
//	signin HOW [ROLE] let alice's role request at sign-in, and what she may request
//	browser [NAME]   the browser is signed in as a demo person from now on, or as nobody, who refuses
//	agree            type the word of `accede login --device` into the browser
//	park             park a delivery of the plugin slack and set $DELIVERY
//	mode FILE WANT   check a file's permissions
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			browser := &scriptBrowser{Browser: httpapitest.NewBrowser("alice"), words: make(chan string, 10)}
			core, server, err := startCore(browser)
			if err != nil {
				return err
			}
			env.Defer(server.Close)
			env.Values[worldKey{}], env.Values[browserKey{}] = core, browser
			env.Setenv("ACCEDE_BROWSER", "browse")
			env.Setenv("SERVER", server.URL)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("ACCEDE_CONFIG_DIR", filepath.Join(env.WorkDir, "config"))
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector would add a second to each command
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"as": commandAs, "code": commandCode, "create": commandCreate, "park": commandPark, "refuse": commandRefuse, "mode": commandMode,
			"signin": commandSignIn, "browser": commandBrowser, "agree": commandAgree,
		},
	})
}

func startCore(browser *scriptBrowser) (*httpapitest.Core, *httptest.Server, error) {
	core := httpapitest.New()
	api, err := httpapi.New(httpapi.Options{Service: core, Logger: slog.New(slog.DiscardHandler), Logins: browser.Logins})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.Handle("GET /login", browser)
	mux.Handle("POST /v1/logins", browser.listen(api))
	return core, httptest.NewServer(mux), nil
}

// scriptBrowser is the script's browser, which overhears the words that programs are given.
type scriptBrowser struct {
	*httpapitest.Browser
	words chan string
}

func (b *scriptBrowser) listen(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		api.ServeHTTP(recorder, r)
		var started v1.LoginStarted
		if json.Unmarshal(recorder.Body.Bytes(), &started) == nil {
			b.words <- started.Word
		}
		w.Header().Set("Content-Type", recorder.Header().Get("Content-Type"))
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes()) // the command would fail, and the script with it
	})
}

func browserOf(ts *testscript.TestScript) *scriptBrowser {
	browser, ok := ts.Value(browserKey{}).(*scriptBrowser)
	if !ok {
		ts.Fatalf("the script has no browser")
	}
	return browser
}

func commandBrowser(ts *testscript.TestScript, _ bool, args []string) {
	browserOf(ts).Become(strings.Join(args, ""))
}

func commandAgree(ts *testscript.TestScript, _ bool, _ []string) {
	browser := browserOf(ts)
	select {
	case word := <-browser.words:
		if !browser.Agree(word) {
			ts.Fatalf("there is no sign-in with the word %s", word)
		}
	case <-time.After(10 * time.Second):
		ts.Fatalf("no program began a sign-in")
	}
}

func coreOf(ts *testscript.TestScript) *httpapitest.Core {
	core, ok := ts.Value(worldKey{}).(*httpapitest.Core)
	if !ok {
		ts.Fatalf("the script has no core")
	}
	return core
}

func commandAs(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("ACCEDE_SERVER", ts.Getenv("SERVER"))
	ts.Setenv("ACCEDE_TOKEN", "token-"+args[0])
}

func commandCode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\n%s", got, want, ts.ReadFile("stderr"))
	}
}

func commandCreate(ts *testscript.TestScript, _ bool, args []string) {
	core := coreOf(ts)
	input := v1.RequestInput{Roles: []string{"dba"}, Reason: strings.Join(args, " ")}
	request, _, err := core.Create(context.Background(), core.Actor("alice"), input)
	ts.Check(err)
	ts.Setenv("ID", request.ID)
	ts.Setenv("SHORT", shortID(request.ID))
}

func commandSignIn(ts *testscript.TestScript, _ bool, args []string) {
	coreOf(ts).RequestAtSignIn(v1.RequestAccess(args[0]), "Name the ticket.", args[1:]...)
}

func commandPark(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("DELIVERY", coreOf(ts).Park("slack"))
}

func commandRefuse(ts *testscript.TestScript, _ bool, args []string) {
	coreOf(ts).Refused(args[0], ts.Getenv("ID"))
}

func commandMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := info.Mode().Perm().String(); got != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}
