package fetch

import (
	"context"
	"sync/atomic"
	"time"
)

// idleTimer cancels a context when nothing was heard for a while. Only silence counts:
// however slow a peer is, it is not cut off as long as bytes come.
type idleTimer struct {
	limit  time.Duration
	timer  *time.Timer
	cancel context.CancelFunc
	ended  atomic.Bool
}

func withIdle(ctx context.Context, limit time.Duration) (context.Context, *idleTimer) {
	ctx, cancel := context.WithCancel(ctx)
	t := &idleTimer{limit: limit, cancel: cancel}
	t.timer = time.AfterFunc(limit, func() {
		t.ended.Store(true)
		cancel()
	})
	return ctx, t
}

// reset says that something was heard.
func (t *idleTimer) reset() {
	if !t.ended.Load() {
		t.timer.Reset(t.limit)
	}
}

// fired reports whether the silence was too long.
func (t *idleTimer) fired() bool { return t.ended.Load() }

func (t *idleTimer) stop() {
	t.timer.Stop()
	t.cancel()
}
