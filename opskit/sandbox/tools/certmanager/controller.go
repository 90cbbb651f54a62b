package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/cert-manager/cert-manager/pkg/controller"
	features "github.com/cert-manager/cert-manager/pkg/util/feature"

	// A controller, and an issuer that a controller asks, is there by being imported.
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/vault"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/metrics"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/vault"
)

// settings are what cert-manager's own controller takes as flags, as far as the sandbox needs them.
type settings struct {
	options   controller.ContextOptions
	metrics   string
	chosen    []string
	workers   int
	gates     string
	verbosity uint
}

// controllers runs all of them until the context ends, or one fails.
func controllers(ctx context.Context, arguments []string) error {
	chosen, err := parse(arguments)
	if err != nil {
		return err
	}
	if err := features.DefaultMutableFeatureGate.Set(chosen.gates); err != nil {
		return err
	}
	ctx, err = logging(ctx, "controller", chosen.verbosity)
	if err != nil {
		return err
	}
	factory, err := controller.NewContextFactory(ctx, chosen.options)
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	if err := serveMetrics(ctx, shared, chosen.metrics); err != nil {
		return err
	}
	made, err := construct(factory, chosen.chosen)
	if err != nil {
		return err
	}
	startInformers(ctx, shared)
	return runAll(ctx, made, chosen.workers)
}

func parse(arguments []string) (settings, error) {
	chosen := settings{}
	options := &chosen.options
	flags := flag.NewFlagSet("controller", flag.ExitOnError)
	flags.StringVar(&options.Kubeconfig, "kubeconfig", "", "how to reach the API server")
	flags.StringVar(&options.ClusterResourceNamespace, "cluster-resource-namespace", "cert-manager", "where cluster issuers look for Secrets")
	nameservers := flags.String("dns01-recursive-nameservers", "", "host:port,…; those that the self check asks")
	flags.DurationVar(&options.DNS01CheckRetryPeriod, "dns01-check-retry-period", 2*time.Second, "between two self checks")
	flags.DurationVar(&options.CertificateRequestMinimumBackoffDuration, "certificate-request-minimum-backoff-duration", time.Hour, "the first wait after a failed issuance; it doubles each time")
	flags.DurationVar(&options.CertificateRequestMaximumBackoffDuration, "certificate-request-maximum-backoff-duration", 32*time.Hour, "the longest wait")
	flags.IntVar(&options.MaxConcurrentChallenges, "max-concurrent-challenges", 60, "challenges that are worked on at once")
	wanted := flags.String("controllers", "*", "those to run; -NAME leaves one out")
	flags.StringVar(&chosen.metrics, "metrics-listen-address", "", "host:port of the metrics")
	flags.IntVar(&chosen.workers, "concurrent-workers", 5, "workers of each controller")
	flags.StringVar(&chosen.gates, "feature-gates", "", "NAME=true|false,…")
	flags.UintVar(&chosen.verbosity, "v", 2, "verbosity of the log")
	if err := flags.Parse(arguments); err != nil {
		return chosen, err
	}
	chosen.chosen = strings.Split(*wanted, ",")
	if *nameservers != "" {
		options.DNS01Nameservers = strings.Split(*nameservers, ",")
	}
	withDefaults(options)
	return chosen, nil
}

// withDefaults sets what must have a value although the sandbox has no use for it.
func withDefaults(options *controller.ContextOptions) {
	options.KubernetesAPIQPS, options.KubernetesAPIBurst = 100, 200
	options.DefaultIssuerKind, options.DefaultIssuerGroup = "Issuer", "cert-manager.io"
	options.HTTP01SolverImage = "acmesolver"
	options.HTTP01SolverResourceRequestCPU = resource.MustParse("10m")
	options.HTTP01SolverResourceLimitsCPU = resource.MustParse("100m")
	options.HTTP01SolverResourceRequestMemory = resource.MustParse("64Mi")
	options.HTTP01SolverResourceLimitsMemory = resource.MustParse("64Mi")
	options.ACMEHTTP01SolverRunAsNonRoot = true
}

func serveMetrics(ctx context.Context, shared *controller.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	informers := shared.SharedInformerFactory
	shared.Metrics.SetupACMECollector(informers.Acme().V1().Challenges().Lister())
	shared.Metrics.SetupCertificateCollector(informers.Certmanager().V1().Certificates().Lister())
	shared.Metrics.SetupIssuerCollector(informers.Certmanager().V1().Issuers().Lister())
	shared.Metrics.SetupClusterIssuerCollector(informers.Certmanager().V1().ClusterIssuers().Lister())
	server := shared.Metrics.NewServer(listener)
	go func() { _ = server.Serve(listener) }()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	return nil
}

func construct(factory *controller.ContextFactory, wanted []string) (map[string]controller.Interface, error) {
	made := map[string]controller.Interface{}
	for _, name := range slices.Sorted(maps.Keys(controller.Known())) {
		if slices.Contains(wanted, "-"+name) {
			continue
		}
		one, err := controller.Known()[name](factory)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		made[name] = one
	}
	return made, nil
}

// startInformers comes after every controller has said which ones it wants.
func startInformers(ctx context.Context, shared *controller.Context) {
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
}

// runAll ends them all as soon as one ends with an error, and returns the first.
func runAll(ctx context.Context, made map[string]controller.Interface, workers int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	for name, one := range made {
		running.Go(func() {
			if err := one.Run(workers, ctx); err != nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	running.Wait()
	if cause := context.Cause(ctx); cause != context.Canceled {
		return cause
	}
	return nil
}
