"""In place of the kubelets of kwok's nodes: behind a pod runs a real process, and the pod tells its state."""
