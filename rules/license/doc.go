// Package license reads what the licence files of a project say, and proposes what a declaration could state of it.
//
// # Model
//
//	licence files ──► classified text, by file ──┐
//	tags (SPDX-License-Identifier) of files ─────┴──► Proposal: an expression, or NOASSERTION, and why
//
// A proposal is what the files state, never a guess that reads like a fact. One licence that covers a file is proposed. Where a
// person has to decide, because there are several licences, a text that is only partly known, or a GPL text that leaves open
// whether later versions may be chosen, the proposal is NOASSERTION, and the notes say what was found and which
// expressions it may be.
//
// The classifier (github.com/google/licensecheck) builds its matcher when it is first used, which takes a second. So nothing that
// runs in a build that has nothing to do may call Propose.
package license
