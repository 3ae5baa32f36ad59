package main

import (
	"context"
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

	"github.com/rogpeppe/go-internal/testscript"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core/httpapi"
	"github.com/accede/accede/core/httpapi/httpapitest"
	"github.com/accede/accede/internal/process"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"accede": func() { os.Exit(process.Main(run)) }}) //nolint:forbidigo // this is main
}

type worldKey struct{}

// TestScripts runs the command line as people do. Each script has a core of its own at $SERVER. Besides testscript's
// commands there are
//
//	as NAME          call as a demo person from now on
//	code N COMMAND   run a command that must end with this exit code
//	create REASON    ask for dba as alice and set $ID, $SHORT
//	refuse NAME      let a person's click on $ID be refused
//	signin HOW [ROLE] let alice's role request at sign-in, and what she may request
//	park             park a delivery of the plugin slack and set $DELIVERY
//	mode FILE WANT   check a file's permissions
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			core, server, err := startCore()
			if err != nil {
				return err
			}
			env.Defer(server.Close)
			env.Values[worldKey{}] = core
			env.Setenv("SERVER", server.URL)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("ACCEDE_CONFIG_DIR", filepath.Join(env.WorkDir, "config"))
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector would add a second to each command
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"as": commandAs, "code": commandCode, "create": commandCreate, "park": commandPark, "refuse": commandRefuse, "mode": commandMode,
			"signin": commandSignIn,
		},
	})
}

func startCore() (*httpapitest.Core, *httptest.Server, error) {
	core := httpapitest.New()
	api, err := httpapi.New(httpapi.Options{Service: core, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	return core, httptest.NewServer(http.Handler(api)), nil
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
