package touchpoint

// ReadIn returns t as the language reads it, when nobody could tell t's language and there is such a reading; else t itself.
// t is not changed.
func (t *Touchpoint) ReadIn(language string) *Touchpoint {
	if t.Mood == nil || t.Language != "" || language == "" {
		return t
	}
	for i := range t.Mood.Readings {
		r := &t.Mood.Readings[i]
		if r.Language != language {
			continue
		}
		read := *t
		read.Language = language
		read.Mood = &Mood{Displeasure: r.Displeasure, Problem: r.Problem, Confidence: r.Confidence, Intents: r.Intents, Words: r.Words}
		return &read
	}
	return t
}
