package pin

import "testing"

// BenchmarkWorkflow is what reading one workflow costs.
func BenchmarkWorkflow(b *testing.B) {
	for _, c := range scans {
		if c.name == "workflow" {
			src := []byte(c.src)
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				scan(c.file, src)
			}
		}
	}
}
