package archive

import (
	"cmp"
	"time"

	"touchwatch/ingest/timeline"
	"touchwatch/ingest/touchpoint"
	"touchwatch/processors/signal"
)

// afterOpinion is the revision of a touchpoint with the mood that a model outside gave it afterwards; as it came it has revision 0.
const afterOpinion = 1

// touchRow is a row of touchpoints; the one with the highest revision is the touchpoint.
type touchRow struct {
	*touchpoint.Touchpoint
	rating   *touchpoint.Rating
	mood     *touchpoint.Mood
	click    *touchpoint.Click
	revision uint64
}

// What a touchpoint is stored with that has none of them.
var (
	noRating touchpoint.Rating
	noMood   touchpoint.Mood
	noClick  touchpoint.Click
)

// newTouchRow is the row of t, which it keeps.
func newTouchRow(t *touchpoint.Touchpoint) touchRow {
	return touchRow{Touchpoint: t, rating: cmp.Or(t.Rating, &noRating), mood: cmp.Or(t.Mood, &noMood), click: cmp.Or(t.Click, &noClick)}
}

var touchColumns = []column[touchRow]{
	col("minute", func(r *touchRow) time.Time { return moment(minuteOf(r.OccurredAt)) }),
	col("id", func(r *touchRow) string { return string(r.ID) }),
	few("channel", func(r *touchRow) string { return string(r.Channel) }),
	few("kind", func(r *touchRow) string { return string(r.Kind) }),
	col("customer", func(r *touchRow) string { return string(r.Customer) }),
	col("occurred_at", func(r *touchRow) time.Time { return moment(r.OccurredAt) }),
	col("received_at", func(r *touchRow) time.Time { return moment(r.ReceivedAt) }),
	col("place", func(r *touchRow) string { return Place(r.Touchpoint) }),
	col("page", func(r *touchRow) string { return r.Place.Page }),
	col("element", func(r *touchRow) string { return r.Place.Element }),
	col("form", func(r *touchRow) string { return r.Place.Form }),
	col("field", func(r *touchRow) string { return r.Place.Field }),
	few("queue", func(r *touchRow) string { return r.Place.Queue }),
	few("platform", func(r *touchRow) string { return r.Place.Platform }),
	few("campaign", func(r *touchRow) string { return r.Place.Campaign }),
	col("product", func(r *touchRow) string { return r.Place.Product }),
	few("release", func(r *touchRow) string { return r.Place.Release }),
	few("agent", func(r *touchRow) string { return r.Place.Agent }),
	col("url", func(r *touchRow) string { return r.Place.URL }),
	col("thread", func(r *touchRow) string { return r.Place.Thread }),
	col("view_id", func(r *touchRow) string { return r.Place.ViewID }),
	col("text", func(r *touchRow) string { return r.Text }),
	few("language", func(r *touchRow) string { return r.Language }),
	col("judged", func(r *touchRow) bool { return r.Mood != nil }),
	col("displeasure", func(r *touchRow) float32 { return r.mood.Displeasure }),
	col("problem", func(r *touchRow) float32 { return r.mood.Problem }),
	col("confidence", func(r *touchRow) float32 { return r.mood.Confidence }),
	col("intents", func(r *touchRow) []string { return r.mood.Intents }),
	col("words", func(r *touchRow) []string { return r.mood.Words }),
	few("rating_metric", func(r *touchRow) string { return r.rating.Metric }),
	col("rating_score", func(r *touchRow) float64 { return r.rating.Score }),
	col("rating_min", func(r *touchRow) float64 { return r.rating.Min }),
	col("rating_max", func(r *touchRow) float64 { return r.rating.Max }),
	col("clicked", func(r *touchRow) bool { return r.Click != nil }),
	col("click_x", func(r *touchRow) int32 { return r.click.X }),
	col("click_y", func(r *touchRow) int32 { return r.click.Y }),
	few("click_outcome", func(r *touchRow) string { return r.click.Outcome }),
	col("duration_ms", func(r *touchRow) int64 { return int64(r.Duration) }),
	col("status", func(r *touchRow) int32 { return r.Status }),
	col("amount", func(r *touchRow) float64 { return r.Amount }),
	col("reach", func(r *touchRow) int64 { return r.Reach }),
	col("links", func(r *touchRow) bool { return r.Links }),
	col("attributes", func(r *touchRow) map[string]string { return r.Attrs }),
	col("aliases", func(r *touchRow) []string { return aliases(r.Aliases) }),
	few("format", func(r *touchRow) string { return r.Format }),
	few("source_topic", func(r *touchRow) string { return r.Source.Topic }),
	col("source_partition", func(r *touchRow) int32 { return r.Source.Partition }),
	col("source_epoch", func(r *touchRow) int32 { return r.Source.Epoch }),
	col("source_offset", func(r *touchRow) int64 { return r.Source.Offset }),
	col("source_index", func(r *touchRow) int32 { return r.Source.Index }),
	col("revision", func(r *touchRow) uint64 { return r.revision }),
}

// aliases are stored as "kind:value".
func aliases(list []touchpoint.Alias) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = string(a.Kind) + ":" + a.Value
	}
	return out
}

// signalRow is a row of signals. Its revision is the place in the timeline of the entry that brought it: within a
// customer it only grows.
type signalRow struct {
	signal.Report
	revision uint64
}

func newSignalRow(e *timeline.Entry, r *signal.Report) signalRow {
	return signalRow{Report: *r, revision: uint64(max(e.Source.Offset, 0)) + 1}
}

// since is the first moment at which a touchpoint may count otherwise because of the row.
func (r *signalRow) since() touchpoint.Millis {
	if r.Since != 0 {
		return min(r.Since, r.Signal.First)
	}
	return r.Signal.First
}

var signalColumns = []column[signalRow]{
	col("id", func(r *signalRow) string { return r.Signal.ID() }),
	col("customer", func(r *signalRow) string { return string(r.Customer) }),
	few("name", func(r *signalRow) string { return r.Signal.Name }),
	few("family", func(r *signalRow) string { return r.Signal.Family }),
	col("first", func(r *signalRow) time.Time { return moment(r.Signal.First) }),
	col("at", func(r *signalRow) time.Time { return moment(r.Signal.At) }),
	col("weight", func(r *signalRow) int32 { return r.Signal.Weight }),
	col("half_life", func(r *signalRow) int32 { return r.Signal.Half }),
	few("channel", func(r *signalRow) string { return string(r.Signal.Channel) }),
	col("places", func(r *signalRow) []string { return r.Signal.Places }),
	col("evidence", func(r *signalRow) []string { return texts(r.Signal.Evidence) }),
	col("reason", func(r *signalRow) string { return r.Signal.Reason }),
	col("gone", func(r *signalRow) bool { return r.Gone }),
	col("revision", func(r *signalRow) uint64 { return r.revision }),
}

// alertRow is a row of alerts: what the archive reads of an alert's JSON, which is the alerts stage's own.
type alertRow struct {
	ID          string            `json:"id"`
	Version     int64             `json:"version"`
	Rule        string            `json:"rule"`
	RuleVersion string            `json:"rule_version"`
	Title       string            `json:"title"`
	Severity    string            `json:"severity"`
	Phase       string            `json:"phase"`
	Subject     alertSubject      `json:"subject"`
	Since       touchpoint.Millis `json:"since"`
	UpdatedAt   touchpoint.Millis `json:"updated_at"`
	Reason      string            `json:"reason"`
	Channels    []string          `json:"channels"`
	Evidence    []alertEvidence   `json:"evidence"`
	Score       float64           `json:"score"`
	Affected    int               `json:"affected"`
	By          string            `json:"acknowledged_by"`
	Note        string            `json:"note"`
	Outcome     string            `json:"outcome"`
	Late        bool              `json:"late"`
	Labels      map[string]string `json:"labels"`
	Route       string            `json:"route"`
	body        string
}

type alertSubject struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Segment string `json:"segment"`
}

type alertEvidence struct {
	Touchpoint string `json:"touchpoint"`
	Customer   string `json:"customer"`
}

var alertColumns = []column[alertRow]{
	col("id", func(r *alertRow) string { return r.ID }),
	few("rule", func(r *alertRow) string { return r.Rule }),
	few("rule_version", func(r *alertRow) string { return r.RuleVersion }),
	col("title", func(r *alertRow) string { return r.Title }),
	few("severity", func(r *alertRow) string { return r.Severity }),
	few("phase", func(r *alertRow) string { return r.Phase }),
	few("subject_kind", func(r *alertRow) string { return r.Subject.Kind }),
	col("subject", func(r *alertRow) string { return r.Subject.ID }),
	few("segment", func(r *alertRow) string { return r.Subject.Segment }),
	col("since", func(r *alertRow) time.Time { return moment(r.Since) }),
	col("updated_at", func(r *alertRow) time.Time { return moment(r.UpdatedAt) }),
	col("reason", func(r *alertRow) string { return r.Reason }),
	col("channels", func(r *alertRow) []string { return r.Channels }),
	col("evidence", func(r *alertRow) []string { return r.evidence() }),
	col("score", func(r *alertRow) float64 { return r.Score }),
	col("affected", func(r *alertRow) uint32 { return uint32(max(r.Affected, 0)) }),
	col("acknowledged_by", func(r *alertRow) string { return r.By }),
	col("note", func(r *alertRow) string { return r.Note }),
	few("outcome", func(r *alertRow) string { return r.Outcome }),
	col("late", func(r *alertRow) bool { return r.Late }),
	col("labels", func(r *alertRow) map[string]string { return r.Labels }),
	few("route", func(r *alertRow) string { return r.Route }),
	col("body", func(r *alertRow) string { return r.body }),
	col("revision", func(r *alertRow) uint64 { return uint64(max(r.Version, 0)) }),
}

// evidence lists the touchpoints (of a customer's alert) or the customers (of a place's).
func (r *alertRow) evidence() []string {
	ids := make([]string, 0, len(r.Evidence))
	for _, e := range r.Evidence {
		if e.Touchpoint != "" {
			ids = append(ids, e.Touchpoint)
		} else if e.Customer != "" {
			ids = append(ids, e.Customer)
		}
	}
	return ids
}

// profileRow is a row of customers. Its revision is the moment of receipt.
type profileRow struct {
	customer touchpoint.CustomerID
	touchpoint.Profile
	revision uint64
}

var profileColumns = []column[profileRow]{
	col("customer", func(r *profileRow) string { return string(r.customer) }),
	few("segment", func(r *profileRow) string { return r.Segment }),
	few("relationship", func(r *profileRow) string { return r.Relationship }),
	few("owner", func(r *profileRow) string { return r.Owner }),
	few("language", func(r *profileRow) string { return r.Language }),
	col("value", func(r *profileRow) float64 { return r.Value }),
	col("revision", func(r *profileRow) uint64 { return r.revision }),
}
