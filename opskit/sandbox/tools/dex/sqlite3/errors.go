// Package sqlite3 offers Dex 2.13 the names that it takes from go-sqlite3, which needs a C compiler. There is
// no driver in it: the sandbox keeps Dex's state in memory or in Kubernetes.
package sqlite3

// ErrNoExtended is SQLite's own, finer error code.
type ErrNoExtended int

// Error is what the driver would return.
type Error struct {
	ExtendedCode ErrNoExtended
}

// ErrConstraintPrimaryKey is SQLITE_CONSTRAINT_PRIMARYKEY.
const ErrConstraintPrimaryKey ErrNoExtended = 1555

func (Error) Error() string { return "SQLite is not built in" }
