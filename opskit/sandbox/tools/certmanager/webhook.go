package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"net/http"
	"time"

	config "github.com/cert-manager/cert-manager/internal/apis/config/webhook"
	server "github.com/cert-manager/cert-manager/internal/webhook"
	logs "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/cert-manager/cert-manager/pkg/webhook/admission"
)

// webhook serves cert-manager's own admission handlers on the one address that it is given.
func webhook(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("webhook", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	address := flags.String("listen", "", "host:port to serve on")
	certificate := flags.String("tls-cert-file", "", "the serving certificate")
	key := flags.String("tls-private-key-file", "", "its key")
	verbosity := flags.Uint("v", 2, "verbosity of the log")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	ctx, err := logging(ctx, "webhook", *verbosity)
	if err != nil {
		return err
	}
	own, err := server.NewCertManagerWebhookServer(logs.FromContext(ctx), config.WebhookConfiguration{KubeConfig: *kubeconfig})
	if err != nil {
		return err
	}
	paths := http.NewServeMux()
	paths.Handle("/validate", admission.NewCustomValidationWebhook(own.ResourceScheme, own.ValidationWebhook))
	paths.Handle("/mutate", admission.NewCustomMutationWebhook(own.MutationWebhook))
	paths.HandleFunc("/livez", func(http.ResponseWriter, *http.Request) {})
	return serve(ctx, *address, paths, *certificate, *key)
}

func serve(ctx context.Context, address string, paths http.Handler, certificate, key string) error {
	listener := &http.Server{
		Addr:              address,
		Handler:           paths,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12},
	}
	go func() {
		<-ctx.Done()
		_ = listener.Close()
	}()
	if err := listener.ListenAndServeTLS(certificate, key); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
