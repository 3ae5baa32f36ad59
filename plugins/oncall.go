package plugins

import (
	"context"
	"time"

	v1 "github.com/accede/accede/api/v1"
)

// OnCaller knows who is on call. The host asks it about the schedules that a new request's annotations name, compares and
// reviews; a plugin only reports what the vendor says.
type OnCaller interface {
	// OnCall returns everybody who is on call now on one schedule, of every level. A schedule that is empty or switched off
	// has no shifts; one that does not exist is an error of kind [NotFound].
	OnCall(ctx context.Context, schedule string) ([]Shift, error)
	// Account returns the vendor's immutable id of the one active person with that address. It is only asked for people
	// without a linked account. Found is false if there is nobody or more than one.
	Account(ctx context.Context, person v1.PersonRef) (id string, found bool, err error)
}

// Shift is somebody's turn on a schedule.
type Shift struct {
	// Schedule is the vendor's id, ScheduleName what people call it.
	Schedule     string
	ScheduleName string
	// Level counts from 1, who is called first.
	Level int
	// User is the vendor's immutable id, UserName what people call them.
	User     string
	UserName string
	// Until is when the shift ends; zero if the vendor does not say.
	Until time.Time
}
