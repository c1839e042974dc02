package front

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"touchwatch/deploy/embedded/chdb"
)

// request is what the address of a request asks for.
type request struct {
	query      string
	id         string
	database   string
	format     string // for results of statements without a FORMAT of their own
	revision   int    // of Native blocks in the result
	compress   string // "", "LZ4" or "ZSTD": framing of the result
	decompress bool   // the body is framed
	params     []chdb.Param
	settings   map[string]string
	readonly   bool
}

// ignored are parameters of ClickHouse's HTTP interface that change nothing here.
var ignored = []string{
	"user", "password", "quota_key", "session_id", "session_timeout", "session_check", "close_session", "role", "stacktrace",
	"wait_end_of_query", "buffer_size", "send_progress_in_http_headers", "http_headers_progress_interval_ms", "enable_http_compression",
	"http_zlib_compression_level", "add_http_cors_header", "network_zstd_compression_level", "network_compression_method",
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// parseRequest reads the parameters. GET requests may only read, as with ClickHouse.
func parseRequest(r *http.Request, deadline time.Duration) (request, error) {
	q := request{format: "TabSeparated", settings: map[string]string{}, readonly: r.Method == http.MethodGet || r.Method == http.MethodHead}
	if f := r.Header.Get("X-ClickHouse-Format"); f != "" {
		q.format = f
	}
	q.database = r.Header.Get("X-ClickHouse-Database")
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return q, refuse(codeBadArgument, "the address of the request cannot be read: "+err.Error())
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := q.set(key, values.Get(key)); err != nil {
			return q, err
		}
	}
	if values.Get("compress") == "1" {
		if q.compress = strings.ToUpper(values.Get("network_compression_method")); q.compress == "" {
			q.compress = "LZ4"
		}
		if q.compress != "LZ4" && q.compress != "ZSTD" {
			return q, refuse(codeSupport, fmt.Sprintf("network_compression_method %q is not one of LZ4, ZSTD", q.compress))
		}
	}
	q.limitTime(deadline)
	return q, nil
}

func (q *request) set(key, value string) error {
	switch {
	case key == "query":
		q.query = value
	case key == "query_id":
		q.id = value
	case key == "database":
		q.database = value
	case key == "default_format":
		q.format = value
	case key == "decompress":
		q.decompress = value == "1"
	case key == "client_protocol_version":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return refuse(codeBadArgument, fmt.Sprintf("client_protocol_version %q is not a number", value))
		}
		q.revision = n
	case key == "compress" || slices.Contains(ignored, key):
	case strings.HasPrefix(key, "param_"):
		q.params = append(q.params, chdb.Param{Name: strings.TrimPrefix(key, "param_"), Value: value})
	case !settingName.MatchString(key):
		return refuse(codeSetting, fmt.Sprintf("%q is not the name of a setting", key))
	case key == "database_atomic_wait_for_drop_and_detach_synchronously":
		return refuse(codeSupport, key+" is not available here: the embedded engine would wait for ever")
	default:
		q.settings[key] = value
	}
	return nil
}

// limitTime makes the engine end a query at the deadline, or earlier if the request asks for that.
func (q *request) limitTime(deadline time.Duration) {
	asked, err := strconv.ParseFloat(q.settings["max_execution_time"], 64)
	if err == nil && asked > 0 && asked <= deadline.Seconds() {
		return
	}
	q.settings["max_execution_time"] = strconv.FormatFloat(max(deadline.Seconds(), 0.001), 'f', -1, 64)
}

// prepare returns the statements to run before the query on a new connection.
func (q *request) prepare() []string {
	var parts, statements []string
	for _, name := range slices.Sorted(maps.Keys(q.settings)) {
		parts = append(parts, name+" = "+quote(q.settings[name]))
	}
	statements = append(statements, "SET "+strings.Join(parts, ", "))
	if q.database != "" && q.database != "default" {
		statements = append(statements, "USE `"+strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(q.database)+"`")
	}
	return statements
}
