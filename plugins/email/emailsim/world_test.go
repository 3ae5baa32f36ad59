package emailsim_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"github.com/accede/accede/plugins/email/emailsim"
	"github.com/accede/accede/plugins/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a stand-in with an HTTP address.
type world struct {
	t    *testing.T
	sim  *emailsim.Sim
	base string
}

func newWorld(t *testing.T, change ...func(*emailsim.Config)) *world {
	t.Helper()
	cfg := emailsim.Demo()
	for _, do := range change {
		do(&cfg)
	}
	sim, err := emailsim.New(cfg, standin.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/email", sim))
	t.Cleanup(func() {
		server.Close()
		for range 2 {
			if err := sim.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return &world{t: t, sim: sim, base: server.URL + "/email"}
}

// trust is what a client has to be given.
func trust(t *testing.T) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(emailsim.CertificateAuthority())) {
		t.Fatal("the authority's certificate cannot be read")
	}
	return &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
}

// dial connects and secures the connection, with a client that the plugin does not use.
func (w *world) dial() *smtp.Client {
	w.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", w.sim.SideAddress())
	if err != nil {
		w.t.Fatal(err)
	}
	client, err := smtp.NewClientStartTLS(conn, trust(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = client.Close() })
	return client
}

// signedIn is a conversation that may send.
func (w *world) signedIn() *smtp.Client {
	w.t.Helper()
	client := w.dial()
	if err := client.Auth(sasl.NewPlainClient("", emailsim.DemoUsername, emailsim.DemoPassword)); err != nil {
		w.t.Fatal(err)
	}
	return client
}

func (w *world) send(raw string, to ...string) error {
	w.t.Helper()
	return w.signedIn().SendMail(emailsim.DemoUsername, to, strings.NewReader(raw))
}

// letter is a mail that nobody can object to.
func letter(id, subject, body string, more ...string) string {
	head := []string{
		"From: Accede <accede@example.com>", "To: <ivan@example.com>", "Date: Fri, 20 Nov 2026 09:30:00 +0000", "Message-ID: <" + id + ">",
		"Subject: " + subject, "MIME-Version: 1.0", `Content-Type: multipart/alternative; boundary="b"`,
	}
	return strings.Join(append(head, more...), "\r\n") + "\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body +
		"\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
		"<html><head></head><body>" + body + " <a href=3D\"https://accede.example.com/requests/1\">open</a></body></html>\r\n--b--\r\n"
}

func (w *world) get(path string) (status int, body string, header http.Header) {
	w.t.Helper()
	return w.do(http.MethodGet, path, "", "", nil)
}

func (w *world) do(method, path, contentType, key string, body io.Reader) (status int, text string, header http.Header) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if key != "" {
		req.SetBasicAuth("api", key)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error(), nil
	}
	return resp.StatusCode, string(data), resp.Header
}

func code(err error) string {
	if refused, ok := err.(*smtp.SMTPError); ok { //nolint:errorlint // it is never wrapped
		return fmt.Sprintf("%d %d.%d.%d", refused.Code, refused.EnhancedCode[0], refused.EnhancedCode[1], refused.EnhancedCode[2])
	}
	return fmt.Sprint(err)
}
