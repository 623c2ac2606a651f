package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/event"
)

func started(id uint32, kind, label string, at time.Duration) event.NodeStarted {
	return event.NodeStarted{ID: id, Kind: kind, Name: "Sbom " + label, Label: label, At: at}
}

func TestProgressFrame(t *testing.T) {
	many := []event.Event{event.Planned{Total: 345}}
	for i := range 20 {
		many = append(many, started(uint32(i), "action", fmt.Sprintf("//:t%d", i), time.Duration(20-i)*time.Second))
	}
	for _, c := range []struct {
		name          string
		events        []event.Event
		now           time.Duration
		width, height int
		want          string
	}{
		{"nothing", nil, 0, 80, 24, "[0/0] 0 running, 0.0 s"},
		{"oldest first", []event.Event{event.Planned{Total: 9}, started(2, "action", "//:b", 2*time.Second), started(1, "action", "//:a", time.Second)},
			3500 * time.Millisecond, 80, 24, "[0/9] 2 running, 3.5 s\n    //:a (Sbom) 2.5 s\n    //:b (Sbom) 1.5 s"},
		{"done", []event.Event{event.Planned{Total: 9}, started(1, "action", "//:a", 0), event.NodeFinished{ID: 1}, event.Planned{Done: 1, Total: 9}, started(2, "action", "//:b", 0)},
			time.Second, 80, 24, "[1/9] 1 running, 1.0 s\n    //:b (Sbom) 1.0 s"},
		{"waiting nodes give way to actions", []event.Event{started(1, "target", "//:w", 0), started(2, "action", "//:b", 0)},
			time.Second, 80, 24, "[0/1] 1 running, 1.0 s\n    //:b (Sbom) 1.0 s"},
		{"no action", []event.Event{started(1, "package", "//w", 0)}, time.Second, 80, 24, "[0/1] 1 running, 1.0 s\n    //w (Sbom) 1.0 s"},
		{"too many", many, 30 * time.Second, 80, 12, "[0/345] 20 running, 30.0 s\n    //:t19 (Sbom) 29.0 s\n    //:t18 (Sbom) 28.0 s\n    //:t17 (Sbom) 27.0 s\n    //:t16 (Sbom) 26.0 s\n    and 16 more"},
		{"low terminal", many, 30 * time.Second, 80, 3, "[0/345] 20 running, 30.0 s"},
		{"narrow terminal", many[:2], 30 * time.Second, 20, 24, "[0/345] 1 running, \n    ...Sbom) 10.0 s"},
		{"very narrow terminal", many[:2], 30 * time.Second, 3, 24, "[0\n  "},
		{"hostile name", []event.Event{event.NodeStarted{ID: 1, Kind: "action", Label: "//:a\x1b[2J\n"}}, 0, 80, 24, "[0/1] 1 running, 0.0 s\n    //:a\\x1b[2J\\n 0.0 s"},
		{"wide runes", []event.Event{event.NodeStarted{ID: 1, Kind: "action", Label: strings.Repeat("漢", 30)}}, 0, 40, 24, "[0/1] 1 running, 0.0 s\n    " + "..." + strings.Repeat("漢", 13) + " 0.0 s"},
		{"finished", append(many, event.BuildFinished{}), time.Second, 80, 24, "[0/345] 0 running, 1.0 s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProgress()
			for _, e := range c.events {
				p.handle(e)
			}
			lines := p.frame(c.now, c.width, c.height)
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			for _, line := range lines {
				if w := textWidth(line); w >= c.width {
					t.Errorf("%q takes %d of %d columns", line, w, c.width)
				}
			}
		})
	}
}
