// Package crdb offers Dex 2.13 what it takes from the cockroach-go of 2018: running a function within a
// transaction. The sandbox keeps Dex's state in memory or in Kubernetes, so that no SQL is ever run.
package crdb

import (
	"database/sql"
	"errors"
)

// ExecuteTx commits what work did, or rolls it back.
func ExecuteTx(database *sql.DB, work func(*sql.Tx) error) error {
	transaction, err := database.Begin()
	if err != nil {
		return err
	}
	if err := work(transaction); err != nil {
		return errors.Join(err, transaction.Rollback())
	}
	return transaction.Commit()
}
