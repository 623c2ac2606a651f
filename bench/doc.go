// Command bench measures sbomctl against named floors and peers. Every figure is a ratio:
// subject and floor run in turn, A B A B ..., as whole processes in one run on one machine,
// and the median of the pairs' ratios is printed beside both medians.
//
//	go run ./bench            every benchmark that can run here
//	go run ./bench tarxz      one of them; -n sets the number of pairs
//	go run ./bench -all       the long ones too: a million files
//
// README.md's table is made of bench/results.json, which is written on a machine that does nothing else:
//
//	go run ./bench -record=bench/results.json && go test ./bench -run TestTable -update
//
// The ones over the real release read Python-3.13.5.tar.xz from the folder that SBOMCTL_DISTDIR
// names. The large ones write a workspace of 2,000 vendored packages with 50 files each into
// a temporary folder; ninja, where it is installed, runs over the same files.
//
// What is measured is always a build whose result is checked: a benchmark fails when the
// command fails, and when the build ran what it should not have.
package main
