package action

import "context"

// WriteOperation writes a text that is known at analysis: ctx.actions.write.
var WriteOperation = Operation{
	Name:    "engine.write",
	Version: 1,
	Trivial: true,
	Run: func(_ context.Context, c Call) error {
		var p struct {
			Content string `json:"content"`
		}
		if err := c.Params(&p); err != nil {
			return err
		}
		w, err := c.Create("out")
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte(p.Content)); err != nil {
			return err
		}
		return w.Close()
	},
}
