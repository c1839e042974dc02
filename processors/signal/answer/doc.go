// Package answer owns what a chat message calls for, when an answer to it is due, and whether a conversation was closed on
// one that nobody answered. Two families judge by it and must never disagree: waiting, for which such a close is
// closed_unanswered, and recovery, for which it is no problem solved. It makes no signals itself.
package answer
