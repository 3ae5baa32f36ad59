package v1

import (
	"encoding/json"
	"slices"
)

// The Kept types hold the fields of Teleport's role schema that Accede does not act on: they concern resources,
// credentials and sessions that Accede does not hand out. Their values are kept as they were written. The names are those
// of https://goteleport.com/docs/reference/infrastructure-as-code/terraform-provider/resources/role.

// KeptConditions are the kept fields of spec.allow and spec.deny.
type KeptConditions struct {
	Logins                           any `json:"logins,omitempty" yaml:"logins,omitempty"`
	NodeLabels                       any `json:"node_labels,omitempty" yaml:"node_labels,omitempty"`
	NodeLabelsExpression             any `json:"node_labels_expression,omitempty" yaml:"node_labels_expression,omitempty"`
	HostGroups                       any `json:"host_groups,omitempty" yaml:"host_groups,omitempty"`
	HostSudoers                      any `json:"host_sudoers,omitempty" yaml:"host_sudoers,omitempty"`
	DesktopGroups                    any `json:"desktop_groups,omitempty" yaml:"desktop_groups,omitempty"`
	ClusterLabels                    any `json:"cluster_labels,omitempty" yaml:"cluster_labels,omitempty"`
	ClusterLabelsExpression          any `json:"cluster_labels_expression,omitempty" yaml:"cluster_labels_expression,omitempty"`
	KubernetesGroups                 any `json:"kubernetes_groups,omitempty" yaml:"kubernetes_groups,omitempty"`
	KubernetesUsers                  any `json:"kubernetes_users,omitempty" yaml:"kubernetes_users,omitempty"`
	KubernetesLabels                 any `json:"kubernetes_labels,omitempty" yaml:"kubernetes_labels,omitempty"`
	KubernetesLabelsExpression       any `json:"kubernetes_labels_expression,omitempty" yaml:"kubernetes_labels_expression,omitempty"`
	KubernetesResources              any `json:"kubernetes_resources,omitempty" yaml:"kubernetes_resources,omitempty"`
	AppLabels                        any `json:"app_labels,omitempty" yaml:"app_labels,omitempty"`
	AppLabelsExpression              any `json:"app_labels_expression,omitempty" yaml:"app_labels_expression,omitempty"`
	AppResources                     any `json:"app_resources,omitempty" yaml:"app_resources,omitempty"`
	AppResourcesExpressions          any `json:"app_resources_expressions,omitempty" yaml:"app_resources_expressions,omitempty"`
	MCP                              any `json:"mcp,omitempty" yaml:"mcp,omitempty"`
	AWSRoleARNs                      any `json:"aws_role_arns,omitempty" yaml:"aws_role_arns,omitempty"`
	AzureIdentities                  any `json:"azure_identities,omitempty" yaml:"azure_identities,omitempty"`
	GCPServiceAccounts               any `json:"gcp_service_accounts,omitempty" yaml:"gcp_service_accounts,omitempty"`
	AccountAssignments               any `json:"account_assignments,omitempty" yaml:"account_assignments,omitempty"`
	DBLabels                         any `json:"db_labels,omitempty" yaml:"db_labels,omitempty"`
	DBLabelsExpression               any `json:"db_labels_expression,omitempty" yaml:"db_labels_expression,omitempty"`
	DBNames                          any `json:"db_names,omitempty" yaml:"db_names,omitempty"`
	DBUsers                          any `json:"db_users,omitempty" yaml:"db_users,omitempty"`
	DBRoles                          any `json:"db_roles,omitempty" yaml:"db_roles,omitempty"`
	DBPermissions                    any `json:"db_permissions,omitempty" yaml:"db_permissions,omitempty"`
	DBServiceLabels                  any `json:"db_service_labels,omitempty" yaml:"db_service_labels,omitempty"`
	DBServiceLabelsExpression        any `json:"db_service_labels_expression,omitempty" yaml:"db_service_labels_expression,omitempty"`
	WindowsDesktopLabels             any `json:"windows_desktop_labels,omitempty" yaml:"windows_desktop_labels,omitempty"`
	WindowsDesktopLabelsExpression   any `json:"windows_desktop_labels_expression,omitempty" yaml:"windows_desktop_labels_expression,omitempty"`
	WindowsDesktopLogins             any `json:"windows_desktop_logins,omitempty" yaml:"windows_desktop_logins,omitempty"`
	LinuxDesktopLabels               any `json:"linux_desktop_labels,omitempty" yaml:"linux_desktop_labels,omitempty"`
	LinuxDesktopLabelsExpression     any `json:"linux_desktop_labels_expression,omitempty" yaml:"linux_desktop_labels_expression,omitempty"`
	LinuxDesktopLogins               any `json:"linux_desktop_logins,omitempty" yaml:"linux_desktop_logins,omitempty"`
	GroupLabels                      any `json:"group_labels,omitempty" yaml:"group_labels,omitempty"`
	GroupLabelsExpression            any `json:"group_labels_expression,omitempty" yaml:"group_labels_expression,omitempty"`
	BeamLabels                       any `json:"beam_labels,omitempty" yaml:"beam_labels,omitempty"`
	BeamLabelsExpression             any `json:"beam_labels_expression,omitempty" yaml:"beam_labels_expression,omitempty"`
	GitHubPermissions                any `json:"github_permissions,omitempty" yaml:"github_permissions,omitempty"`
	WorkloadIdentityLabels           any `json:"workload_identity_labels,omitempty" yaml:"workload_identity_labels,omitempty"`
	WorkloadIdentityLabelsExpression any `json:"workload_identity_labels_expression,omitempty" yaml:"workload_identity_labels_expression,omitempty"`
	SPIFFE                           any `json:"spiffe,omitempty" yaml:"spiffe,omitempty"`
	Impersonate                      any `json:"impersonate,omitempty" yaml:"impersonate,omitempty"`
	JoinSessions                     any `json:"join_sessions,omitempty" yaml:"join_sessions,omitempty"`
	RequireSessionJoin               any `json:"require_session_join,omitempty" yaml:"require_session_join,omitempty"`
	Rules                            any `json:"rules,omitempty" yaml:"rules,omitempty"`
}

// KeptOptions are the kept fields of spec.options.
type KeptOptions struct {
	CertExtensions             any `json:"cert_extensions,omitempty" yaml:"cert_extensions,omitempty"`
	CertFormat                 any `json:"cert_format,omitempty" yaml:"cert_format,omitempty"`
	ClientIdleTimeout          any `json:"client_idle_timeout,omitempty" yaml:"client_idle_timeout,omitempty"`
	CreateDBUser               any `json:"create_db_user,omitempty" yaml:"create_db_user,omitempty"`
	CreateDBUserMode           any `json:"create_db_user_mode,omitempty" yaml:"create_db_user_mode,omitempty"`
	CreateDesktopUser          any `json:"create_desktop_user,omitempty" yaml:"create_desktop_user,omitempty"`
	CreateHostUser             any `json:"create_host_user,omitempty" yaml:"create_host_user,omitempty"`
	CreateHostUserDefaultShell any `json:"create_host_user_default_shell,omitempty" yaml:"create_host_user_default_shell,omitempty"`
	CreateHostUserMode         any `json:"create_host_user_mode,omitempty" yaml:"create_host_user_mode,omitempty"`
	DesktopClipboard           any `json:"desktop_clipboard,omitempty" yaml:"desktop_clipboard,omitempty"`
	DesktopDirectorySharing    any `json:"desktop_directory_sharing,omitempty" yaml:"desktop_directory_sharing,omitempty"`
	DeviceTrustMode            any `json:"device_trust_mode,omitempty" yaml:"device_trust_mode,omitempty"`
	DisconnectExpiredCert      any `json:"disconnect_expired_cert,omitempty" yaml:"disconnect_expired_cert,omitempty"`
	EnhancedRecording          any `json:"enhanced_recording,omitempty" yaml:"enhanced_recording,omitempty"`
	ForwardAgent               any `json:"forward_agent,omitempty" yaml:"forward_agent,omitempty"`
	IDP                        any `json:"idp,omitempty" yaml:"idp,omitempty"`
	Lock                       any `json:"lock,omitempty" yaml:"lock,omitempty"`
	MaxConnections             any `json:"max_connections,omitempty" yaml:"max_connections,omitempty"`
	MaxKubernetesConnections   any `json:"max_kubernetes_connections,omitempty" yaml:"max_kubernetes_connections,omitempty"`
	MaxSessions                any `json:"max_sessions,omitempty" yaml:"max_sessions,omitempty"`
	MFAVerificationInterval    any `json:"mfa_verification_interval,omitempty" yaml:"mfa_verification_interval,omitempty"`
	PermitX11Forwarding        any `json:"permit_x11_forwarding,omitempty" yaml:"permit_x11_forwarding,omitempty"`
	PinSourceIP                any `json:"pin_source_ip,omitempty" yaml:"pin_source_ip,omitempty"`
	PortForwarding             any `json:"port_forwarding,omitempty" yaml:"port_forwarding,omitempty"`
	RecordSession              any `json:"record_session,omitempty" yaml:"record_session,omitempty"`
	RequireSessionMFA          any `json:"require_session_mfa,omitempty" yaml:"require_session_mfa,omitempty"`
	SSHFileCopy                any `json:"ssh_file_copy,omitempty" yaml:"ssh_file_copy,omitempty"`
	SSHPortForwarding          any `json:"ssh_port_forwarding,omitempty" yaml:"ssh_port_forwarding,omitempty"`
	WebTerminalClipboardMode   any `json:"web_terminal_clipboard_mode,omitempty" yaml:"web_terminal_clipboard_mode,omitempty"`
}

// KeptRequestConditions are the kept fields of a request block.
type KeptRequestConditions struct {
	KubernetesResources any `json:"kubernetes_resources,omitempty" yaml:"kubernetes_resources,omitempty"`
}

// KeptReviewConditions are the kept fields of a review_requests block.
type KeptReviewConditions struct {
	PreviewAsRoles any `json:"preview_as_roles,omitempty" yaml:"preview_as_roles,omitempty"`
	SubmitForUsers any `json:"submit_for_users,omitempty" yaml:"submit_for_users,omitempty"`
}

// KeptMetadata are the kept fields of metadata.
type KeptMetadata struct {
	Namespace any `json:"namespace,omitempty" yaml:"namespace,omitempty"`
	Expires   any `json:"expires,omitempty" yaml:"expires,omitempty"`
	ID        any `json:"id,omitempty" yaml:"id,omitempty"`
	Revision  any `json:"revision,omitempty" yaml:"revision,omitempty"`
}

// Kept lists the dotted paths of the fields that are set in the role and that Accede does not act on.
func (r Role) Kept() []string {
	paths := under("metadata", r.Metadata.KeptMetadata)
	if r.SubKind != "" {
		paths = append(paths, "sub_kind")
	}
	paths = append(paths, r.Spec.Allow.kept("spec.allow")...)
	paths = append(paths, r.Spec.Deny.kept("spec.deny")...)
	return append(paths, under("spec.options", r.Spec.Options.KeptOptions)...)
}

func (c RoleConditions) kept(path string) []string {
	paths := under(path, c.KeptConditions)
	if c.Request != nil {
		paths = append(paths, under(path+".request", c.Request.KeptRequestConditions)...)
	}
	if c.ReviewRequests != nil {
		paths = append(paths, under(path+".review_requests", c.ReviewRequests.KeptReviewConditions)...)
	}
	return paths
}

// under lists the members that a struct of kept fields would have in JSON, in order.
func under(path string, kept any) []string {
	body, err := json.Marshal(kept)
	if err != nil {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil
	}
	paths := make([]string, 0, len(members))
	for name := range members {
		paths = append(paths, path+"."+name)
	}
	slices.Sort(paths)
	return paths
}
