package api

import (
	"encoding/json"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const (
	apiPath     = "/api/v1"
	livePath    = apiPath + "/live"
	openAPIPath = apiPath + "/openapi"
)

// maxBodyBytes bounds what a client may send with a request.
const maxBodyBytes = 16 << 10

// describe returns the frame of the OpenAPI description. Every answer is what its schema says and nothing else: no links to
// schemas are added, and the description is served, but no page that would load scripts from elsewhere.
func describe(version string) huma.Config {
	config := huma.DefaultConfig("touchwatch", version)
	config.CreateHooks = nil
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = openAPIPath, "", ""
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Info.Description = "What touchwatch knows about customers, places and alerts now and before. All moments are milliseconds since 1970 UTC. " +
		"Errors are problem documents (RFC 9457). The live picture comes over the WebSocket at " + livePath + "."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token of the server's token file, where the server asks for one."},
	}
	config.Security = []map[string][]string{{"token": {}}, {}}
	return config
}

// schemaName names a type's schema. Types of other packages carry the package's name where it does not say the same.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	pkg := path.Base(t.PkgPath())
	if pkg == "." || pkg == "api" || pkg == "huma" || strings.HasPrefix(strings.ToLower(name), pkg) {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// operation describes a route. Every one may fail for want of a token or of a server behind us.
func operation(method, route, id, summary string, errors ...int) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: apiPath + route, Summary: summary, MaxBodyBytes: maxBodyBytes,
		Errors: append(errors, http.StatusUnauthorized, http.StatusServiceUnavailable),
		// A misspelt parameter would otherwise silently not filter.
		RejectUnknownQueryParameters: true,
	}
}

// problem writes a problem document outside of the described API.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// A client that is gone cannot be told.
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}
