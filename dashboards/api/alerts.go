package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"touchwatch/alerts/alert"
	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/episode"
)

// AlertsAnswer lists alerts.
type AlertsAnswer struct {
	Alerts []alert.Alert     `json:"alerts" doc:"open ones first, most urgent first"`
	UpTo   touchpoint.Millis `json:"up_to" doc:"everything received until then is judged; zero while unknown"`
}

// ActionAnswer says that a person's action is on its way.
type ActionAnswer struct {
	Entry string `json:"entry" doc:"id of the entry in the subject's timeline. It takes effect when the alert comes back with a higher version."`
}

func (a *API) registerAlerts(routes huma.API) {
	huma.Register(routes, operation(http.MethodGet, "/alerts", "list-alerts", "Open alerts, and those that ended in the last hour"), a.alerts)
	acknowledge := operation(http.MethodPost, "/alerts/{id}/acknowledge", "acknowledge-alert", "Say that somebody takes care", 404, 409, 422)
	acknowledge.DefaultStatus = http.StatusAccepted
	huma.Register(routes, acknowledge, func(ctx context.Context, in *actionInput) (*answer[ActionAnswer], error) {
		return a.act(ctx, "acknowledge", in)
	})
	resolve := operation(http.MethodPost, "/alerts/{id}/resolve", "resolve-alert", "Say that it is over, and how it ended", 404, 409, 422)
	resolve.DefaultStatus = http.StatusAccepted
	huma.Register(routes, resolve, func(ctx context.Context, in *actionInput) (*answer[ActionAnswer], error) {
		return a.act(ctx, "resolve", in)
	})
}

type alertsInput struct {
	Phase    string `query:"phase" enum:"open,firing,acknowledged,resolved" doc:"open: firing or acknowledged; absent: all"`
	Severity string `query:"severity" enum:"critical,high,warning,info"`
	Subject  string `query:"subject" maxLength:"512" doc:"customer id or place key"`
}

func (a *API) alerts(_ context.Context, in *alertsInput) (*answer[AlertsAnswer], error) {
	all := slices.DeleteFunc(a.opt.Board.Alerts(), func(x alert.Alert) bool {
		return in.Phase == "open" && !x.Phase.Open() || in.Phase != "" && in.Phase != "open" && string(x.Phase) != in.Phase ||
			in.Severity != "" && string(x.Severity) != in.Severity || in.Subject != "" && x.Subject.ID != in.Subject
	})
	return reply(AlertsAnswer{Alerts: all, UpTo: a.opt.Board.Progress().UpTo}), nil
}

type actionInput struct {
	ID   string `path:"id" maxLength:"512" doc:"alert id"`
	Key  string `header:"Idempotency-Key" maxLength:"128" doc:"a request that is sent again with the same key counts once"`
	Body struct {
		_           struct{} `additionalProperties:"false"`
		SubjectKind string   `json:"subject_kind,omitempty" enum:"customer,place" doc:"of the alert; checked when given"`
		Subject     string   `json:"subject,omitempty" maxLength:"512" doc:"of the alert; checked when given"`
		By          string   `json:"by" minLength:"1" maxLength:"256" doc:"who acts"`
		Note        string   `json:"note,omitempty" maxLength:"2000"`
		Outcome     string   `json:"outcome,omitempty" enum:"handled,false_alarm" doc:"on resolve: how it ended"`
	}
}

// act appends what a person did to the subject's timeline. The alert itself changes when the entry is folded.
func (a *API) act(ctx context.Context, verb string, in *actionInput) (*answer[ActionAnswer], error) {
	known := a.opt.Board.Alerts()
	i := slices.IndexFunc(known, func(x alert.Alert) bool { return x.ID == in.ID })
	if i < 0 {
		return nil, huma.Error404NotFound("there is no alert " + in.ID + " that is open or ended within the last hour")
	}
	if err := checkAction(verb, in, &known[i]); err != nil {
		return nil, err
	}
	entry := timeline.Entry{
		Kind: timeline.Action, Subject: known[i].Subject.ID, At: a.now(), ID: actionID(verb, in),
		Action: &timeline.ActionBody{Verb: verb, Alert: in.ID, By: in.Body.By, Note: in.Body.Note, Outcome: in.Body.Outcome},
	}
	log := a.opt.Customers
	if known[i].Subject.Kind == "place" {
		log = a.opt.Places
	}
	if err := log.Append(ctx, entry); err != nil {
		return nil, a.fault(verb+" the alert", err)
	}
	return reply(ActionAnswer{Entry: entry.ID}), nil
}

// checkAction compares what the person saw with what the alert is.
func checkAction(verb string, in *actionInput, x *alert.Alert) error {
	wrong := func(field, want, got string) error {
		return huma.Error422UnprocessableEntity("the request does not fit the alert", &huma.ErrorDetail{Location: "body." + field, Message: "want " + want, Value: got})
	}
	switch {
	case in.Body.SubjectKind != "" && in.Body.SubjectKind != x.Subject.Kind:
		return wrong("subject_kind", x.Subject.Kind, in.Body.SubjectKind)
	case in.Body.Subject != "" && in.Body.Subject != x.Subject.ID:
		return wrong("subject", x.Subject.ID, in.Body.Subject)
	case verb == "acknowledge" && in.Body.Outcome != "":
		return wrong("outcome", "none: an outcome belongs to resolve", in.Body.Outcome)
	case x.Phase == episode.Resolved:
		return huma.Error409Conflict("alert " + in.ID + " has ended already: " + x.Outcome)
	}
	return nil
}

// actionID is the entry's identity: the same for a request that is sent again with its key.
func actionID(verb string, in *actionInput) string {
	if in.Key == "" {
		return "action/" + rand.Text()
	}
	sum := sha256.Sum256([]byte(verb + "\x00" + in.ID + "\x00" + in.Key))
	return "action/" + hex.EncodeToString(sum[:16])
}
