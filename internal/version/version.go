package version

import "runtime/debug"

// linked is set by `-ldflags "-X github.com/accede/accede/internal/version.linked=v1.2.3"`.
var linked string //nolint:gochecknoglobals // the linker can only set a package variable

// String returns the version of this build: what the linker set, else the module version, else the commit
// ("dev-1a2b3c4d5e6f", with "-dirty" when the tree had changes), else "dev".
func String() string {
	if linked != "" {
		return linked
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	return fromBuildInfo(info)
}

func fromBuildInfo(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	var revision, dirty string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = "-" + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	return "dev" + revision + dirty
}
