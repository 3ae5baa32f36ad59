package policy

import (
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	v1 "github.com/accede/accede/api/v1"
)

// Subject is what rules see of a person. Only static roles belong into Roles: what somebody gained through a request
// neither lets them request nor review.
type Subject struct {
	Name   string
	Roles  []string
	Traits map[string][]string
}

// SubjectOf returns what rules see of a person.
func SubjectOf(person v1.Person) Subject {
	return Subject{Name: person.Name, Roles: person.Roles, Traits: person.Traits}
}

// Facts are what expressions look at. They belong to one goroutine.
type Facts struct {
	Reviewer Subject
	Request  *v1.Request
	// Review is the review being made; its Via is empty while it is not made yet, and nobody knows what it will say.
	Review v1.Review
	// Now may be zero when the question is about no particular time.
	Now time.Time

	values map[string]any
	vars   cel.Activation
}

func (f *Facts) activation() (cel.Activation, error) {
	if f.vars != nil {
		return f.vars, nil
	}
	f.values = map[string]any{}
	var unknown []*cel.AttributePatternType
	if f.Review.Via == "" {
		for _, name := range []string{viaVariable, "review.reason", "review.annotations"} {
			unknown = append(unknown, cel.AttributePattern(name))
		}
	}
	if f.Now.IsZero() {
		unknown = append(unknown, cel.AttributePattern("now"))
	}
	vars, err := cel.PartialVars(f, unknown...)
	if err != nil {
		return nil, err
	}
	f.vars = vars
	return vars, nil
}

// Parent is nil: facts stand alone.
func (f *Facts) Parent() cel.Activation { return nil }

// ResolveName gives the value of a variable.
func (f *Facts) ResolveName(name string) (any, bool) {
	if value, ok := f.values[name]; ok {
		return value, true
	}
	value, ok := f.value(name)
	if ok {
		f.values[name] = value
	}
	return value, ok
}

func (f *Facts) value(name string) (any, bool) {
	switch name {
	case "reviewer.name":
		return f.Reviewer.Name, true
	case "reviewer.roles":
		return texts(f.Reviewer.Roles), true
	case "reviewer.traits":
		return newLookup(f.Reviewer.Traits), true
	case viaVariable:
		return f.Review.Via, true
	case "review.reason":
		return f.Review.Reason, true
	case "review.annotations":
		return newLookup(f.Review.Annotations), true
	case "now":
		return types.Timestamp{Time: f.Now.UTC()}, true
	}
	return f.requestValue(name)
}

func (f *Facts) requestValue(name string) (any, bool) {
	request := f.Request
	if request == nil {
		request = &v1.Request{}
	}
	switch name {
	case "request.user":
		return request.Requester.Name, true
	case "request.user_traits":
		return newLookup(request.RequesterTraits), true
	case "request.roles":
		return texts(request.Roles), true
	case "request.reason":
		return request.Reason, true
	case "request.system_annotations":
		return newLookup(request.Annotations), true
	case "request.resources":
		return types.DefaultTypeAdapter.NativeToValue(labelsOf(request.Resources)), true
	case "request.duration":
		return types.Duration{Duration: request.Length().Std()}, true
	}
	return nil, false
}

func texts(values []string) ref.Val { return types.NewStringList(types.DefaultTypeAdapter, values) }

// labelsOf gives each resource's labels, and its kind and name as labels of these names.
func labelsOf(resources []v1.Resource) []map[string]string {
	all := make([]map[string]string, 0, len(resources))
	for _, resource := range resources {
		labels := map[string]string{"kind": resource.Kind, "name": resource.Name}
		for key, value := range resource.Labels {
			labels[key] = value
		}
		all = append(all, labels)
	}
	return all
}

// lookup is a map of lists in which what is absent is an empty list, as people expect of traits; `in` still tells.
type lookup struct{ traits.Mapper }

func newLookup(values map[string][]string) ref.Val {
	return lookup{Mapper: types.NewDynamicMap(types.DefaultTypeAdapter, values)}
}

// Find gives the value of a key, or an empty list.
func (l lookup) Find(key ref.Val) (ref.Val, bool) {
	value, found := l.Mapper.Find(key)
	if found || value != nil {
		return value, found
	}
	return texts(nil), true
}

// Get gives the value of a key, or an empty list.
func (l lookup) Get(key ref.Val) ref.Val {
	value, found := l.Find(key)
	if !found {
		return types.ValOrErr(value, "%v is no key", key)
	}
	return value
}
