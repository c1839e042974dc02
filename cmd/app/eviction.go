package app

import (
	"context"

	"touchwatch/deploy/doctor"
)

// keepsAll refuses a Redis that would delete states when its memory is full. A server that does not tell (a managed or embedded
// one) is warned about; one that does not answer is asked again.
func (a *App) keepsAll(ctx context.Context) error {
	var refusal error
	err := a.wait(ctx, "redis settings", func(ctx context.Context) error {
		warning, err := doctor.CheckEviction(ctx, a.redis)
		if doctor.Refuses(err) {
			refusal = err
			return nil
		}
		if err == nil && warning != "" {
			a.log.Warn("redis eviction policy is not known", "found", warning)
		}
		return err
	})
	if err != nil {
		return err
	}
	return refusal
}
