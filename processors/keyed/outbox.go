package keyed

// Outbox shows what was emitted and not flushed yet, in order. Runs in memory read it in the place of a relay.
func (fx *Effects) Outbox(visit func(kind, key string, body []byte)) {
	for _, o := range fx.out {
		visit(o.kind, o.key, o.body)
	}
}
