package settings

import (
	"fmt"
	"slices"
	"strings"
)

// NotFrustration returns the settings with a place that shall not count against the website any more: a place as alerts name
// it, "element:/seats button#seat" or "page:/admin", or "release:2.3.*". A place that is on the list already changes
// nothing. s stays as it is.
func (s *Settings) NotFrustration(place string) (*Settings, error) {
	kind, value, _ := strings.Cut(place, ":")
	own := *s
	list := map[string]*[]string{"element": &own.Ignore.Elements, "page": &own.Ignore.Pages, "release": &own.Ignore.Releases}[kind]
	if list == nil || strings.TrimSpace(value) == "" {
		return nil, fmt.Errorf("place %q: want element:…, page:… or release:…, such as \"element:/seats button#seat\"", place)
	}
	if !slices.Contains(*list, value) {
		*list = append(slices.Clone(*list), value)
	}
	return &own, nil
}
