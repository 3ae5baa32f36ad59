package embedded

import "github.com/accede/accede/broker"

// CoreCredential returns what the core connects with, so that tests can show what it may do and plugins may not.
func (s *Server) CoreCredential() broker.Credential {
	credential := s.core
	credential.Broker = s.Address()
	return credential
}
