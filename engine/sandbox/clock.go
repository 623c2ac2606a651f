package sandbox

import "time"

// Clock is a time of day that is not the machine's. It is told to programs by libfaketime (Debian package
// libfaketime), which is loaded before their own C library: a program without one, such as a static one or one
// written in Go, sees the machine's clock, and so does the file system. [Process.ProbeClock] says what became of it.
type Clock struct {
	Library string        // libfaketime.so.1 of this machine, as FindClock found it
	Offset  time.Duration // added to the machine's clock; whole seconds
}

// ClockEffect says what became of a Clock in a root folder.
type ClockEffect struct {
	Works bool
	Why   string // why it is not known to work, such as "the program date is static"; "" when it works
}
