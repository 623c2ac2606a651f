package reapi

import "time"

// EnvironmentVariable is one variable of a Command.
type EnvironmentVariable struct{ Name, Value string }

// Property is one requirement of a Platform message.
type Property struct{ Name, Value string }

// Command is what an Action runs. In canonical form the environment is sorted by name, the
// output paths are sorted and occur once, and the platform is sorted by name, then value.
type Command struct {
	Arguments            []string
	EnvironmentVariables []EnvironmentVariable
	OutputPaths          []string   // slash-separated, relative to the working directory
	WorkingDirectory     string     // slash-separated, relative to the input root; "" is the root
	Platform             []Property // none: the message has no platform (deprecated there; Action has its own)
}

// Action is the message whose digest is the key of an action.
type Action struct {
	CommandDigest   Digest        // of a Command
	InputRootDigest Digest        // of the input tree's root Directory
	Timeout         time.Duration // 0: the server's own
	DoNotCache      bool
	Salt            []byte
	Platform        []Property // none: the message has no platform
}

// OutputFile is a file that an action made.
type OutputFile struct {
	Path       string // as in Command.OutputPaths
	Digest     Digest
	Executable bool
	Contents   []byte // its bytes, where they are few enough to come along; else nil, and they are in the CAS
}

// ActionResult is what the action cache keeps of an action that ran. Outputs are kept in
// the order given. Fields of the API that a build of files has no use for (symbolic links,
// directories, execution metadata) are skipped when one is read.
type ActionResult struct {
	OutputFiles  []OutputFile
	ExitCode     int32
	Stdout       []byte // stdout_raw: findings, which are told again when the result is reused
	StdoutDigest Digest // a server may move a long stdout to the CAS
	Stderr       []byte // stderr_raw
	StderrDigest Digest
}
