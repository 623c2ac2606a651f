// Package eval is the evaluator: a small, general engine for incremental computation.
//
// # Model
//
// Everything is a node. A node has a Key (a kind and an argument) and a value, which is
// bytes; the SHA-256 of the bytes is the node's digest. There are two sorts of kinds:
//
//   - a leaf is read from the outside world (a file, a directory, an option). Its Leaf
//     can Probe cheaply whether what was read last time still holds (a stat), and Read it.
//   - any other node has a function, Run, from the values of other nodes to its value. Run
//     asks for them while it runs (Context.Get, Context.All), so dependencies are dynamic.
//
// While a function runs, the evaluator records which nodes it asked for, in order and in
// groups, and their digests: a verifying trace. On the next build a node is
//
//	unvisited ──► verifying ──► done          every recorded dependency has its recorded digest
//	                  │
//	                  └───────► running ──► done     (an equal digest stops the wave: early cutoff)
//	                               └──────► failed   (errors are not recorded; they are found again)
//
// node.go has all phases, and what holds in each.
//
// Verification goes through the recorded groups in order and stops at the first difference,
// so a node that only an outdated trace asks for is never run. This is the suspending
// scheduler with verifying traces of Mokhov, Mitchell and Peyton Jones, "Build Systems à la
// Carte" (2018).
//
// A build has two steps. First every leaf that the recorded traces of the wanted nodes can
// reach is probed, in parallel, and read again where the probe fails; reading a leaf that
// turns out not to be needed is harmless. Then a single pass over the traces finds the
// nodes all of whose dependencies are unchanged (clean.go). When that is all of them, and
// it nearly always is, the build is over; what is left goes to the scheduler (schedule.go).
//
// # Persistence
//
// Traces and values are kept in an append-only journal (journal.go), one for a workspace,
// so that no daemon is needed. The journal is disposable: a torn or damaged tail is cut
// off, a foreign file is ignored, and what is lost is computed again.
//
// # Concurrency
//
// What is left is works, one for a node (schedule.go). There is one queue of those that can go
// on and need a worker, and there are at most Options.Jobs workers. A function that waits
// for other nodes gives its worker free; it is the only thing that waits on a goroutine, so
// there are as many goroutines as functions that wait, and Jobs. Verifying a trace is a step
// of a state machine and needs no worker. The work done grows with the graph, not with Jobs.
//
// When nothing can go on although works are left, some wait for each other: a cycle (cycle.go).
//
// # Outcomes
//
// Whoever asks for a node gets its value or an error. A node that was not started, since another
// one failed, fails with a NotStartedError, which holds what the other failed with.
//
// # Use
//
// To describe the nodes, make a Kind for each sort. To evaluate, Open an Evaluator over the
// kinds, start a session with Evaluator.NewSession, ask it with Session.Get, and Close the
// evaluator. A function asks with Context.Get, Context.All and Context.Digests; when
// something is gone that a value names, Context.RunAgain has it made again.
package eval
