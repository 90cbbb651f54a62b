// Command cert-manager runs cert-manager's own controllers, or its own admission webhook, as one small
// program: the released binaries are not Go tools of one module, and the webhook's binds every interface.
//
// The module's path begins with cert-manager's, for Go lets only such a one import internal/webhook.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	logsapi "k8s.io/component-base/logs/api/v1"

	logs "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/util"
)

const usage = "usage: cert-manager controller|webhook FLAG…, or cert-manager version"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf(usage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	switch arguments[0] {
	case "controller":
		return controllers(ctx, arguments[1:])
	case "webhook":
		return webhook(ctx, arguments[1:])
	case "version":
		fmt.Println(util.AppVersion)
		return nil
	}
	return fmt.Errorf(usage)
}

// logging returns the context with cert-manager's own logger, as verbose as asked.
func logging(ctx context.Context, component string, verbosity uint) (context.Context, error) {
	settings := logsapi.NewLoggingConfiguration()
	settings.Verbosity = logsapi.VerbosityLevel(verbosity)
	logs.InitLogs()
	return logs.NewContext(ctx, logs.Log.WithName(component)), logs.ValidateAndApply(settings)
}
