// Package osfile is what package os leaves to those who share folders with others.
//
//	Folder    a folder in which anything may lie under any name: files are opened through no
//	          link, never waited for, and never written over by name
//	Replace   a file of the user's, replaced at once by the whole new one
//	TryLock   a lock that ends with its process
//	Reason    why a call of the system failed, without the path
//
// Folder rests on os.Root: a name is looked up step by step from an open folder, so that no
// link, put there at whatever moment, leads out of it.
package osfile
