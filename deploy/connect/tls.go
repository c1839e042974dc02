package connect

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS says whether and how a connection is encrypted. The zero value means plain text.
type TLS struct {
	// Enabled switches TLS on. The other fields may only be set when it is.
	Enabled bool `yaml:"enabled"`
	// CAFile is a PEM file of authorities that may sign the server's certificate; empty means those of the system.
	CAFile string `yaml:"ca_file"`
	// CertFile and KeyFile are the PEM files of our own certificate, for servers that ask for one; both or neither.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// ServerName is the name that the server's certificate must carry; empty means the host of the address.
	ServerName string `yaml:"server_name"`
	// InsecureSkipVerify accepts any certificate: anybody on the path can then read and change everything. For tests.
	InsecureSkipVerify bool `yaml:"insecure_skip_verify"`
}

func (t TLS) validate(key string) []error {
	if !t.Enabled {
		if t != (TLS{}) {
			return []error{fmt.Errorf("%s.enabled: is false, but other keys of %s are set; set it to true or remove them", key, key)}
		}
		return nil
	}
	var problems []error
	if (t.CertFile == "") != (t.KeyFile == "") {
		problems = append(problems, fmt.Errorf("%s.cert_file and %s.key_file: give both or neither", key, key))
	}
	if t.InsecureSkipVerify && t.CAFile != "" {
		problems = append(problems, fmt.Errorf("%s.insecure_skip_verify: makes %s.ca_file useless; remove one of them", key, key))
	}
	return problems
}

// config reads the files. It returns nil when TLS is off.
func (t TLS) config(key string) (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify} //nolint:gosec // asked for by name, and documented
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("%s.ca_file: %w", key, err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s.ca_file: %s holds no PEM certificate", key, t.CAFile)
		}
	}
	if t.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("%s.cert_file, %s.key_file: %w", key, key, err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// refuse turns a list of problems into one error, or nil.
func refuse(problems []error) error { return errors.Join(problems...) }
