package app

import "fmt"

// Version says which program this is.
type Version struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Date     string `json:"date"`
	Go       string `json:"go"`
}

// String is one line for people.
func (v Version) String() string {
	return fmt.Sprintf("touchwatch %s, commit %.12s, %s, %s", v.Version, v.Revision, v.Date, v.Go)
}
