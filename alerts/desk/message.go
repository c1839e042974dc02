package desk

import (
	"encoding/json"

	"touchwatch/alerts/alert"
	"touchwatch/alerts/rule"
	"touchwatch/processors/episode"
)

// alertOf is the alert of an episode, but for what it says of its subject.
func alertOf(r *rule.Rule, e *episode.Episode, evidence []rule.Evidence) *alert.Alert {
	a := &alert.Alert{
		ID: e.Alert, Version: e.Version, Rule: e.Rule, RuleVersion: e.RuleHash, Title: r.Title, Severity: alert.Severity(e.Severity),
		Phase: e.Phase, Since: e.Since, UpdatedAt: e.Changed, Reason: e.Reason, Evidence: []alert.Evidence{},
		AcknowledgedBy: e.By, Note: e.Note, Outcome: e.Outcome, Late: e.Late, Labels: r.Labels, Route: r.Route,
		Affected: int(e.Size),
	}
	for i := range evidence {
		a.Evidence = append(a.Evidence, evidence[i].Evidence)
	}
	return a
}

// message encodes an alert for the outbox.
func message(a *alert.Alert) *episode.Change {
	body, _ := json.Marshal(a) // strings and finite numbers always encode
	return &episode.Change{Alert: a.ID, Over: a.Phase == episode.Resolved, At: a.UpdatedAt, Body: body}
}
