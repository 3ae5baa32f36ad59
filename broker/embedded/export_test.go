package embedded

import "github.com/accede/accede/broker"

// CoreCredential returns what the core connects with, so that tests can show what it may do and plugins may not.
func (s *Server) CoreCredential() broker.Credential {
	credential := s.core
	credential.Broker = s.Address()
	return credential
}

// PendingAnswers counts the answers that the server still expects to pass from the core's account to plugins.
func (s *Server) PendingAnswers() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	account, err := s.running.LookupAccount(coreAccount)
	if err != nil {
		return 0, err
	}
	return account.NumPendingAllResponses(), nil
}

// SyncsAlways says whether the server writes to the disk before it confirms.
func (s *Server) SyncsAlways() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running.JetStreamConfig().SyncAlways
}
