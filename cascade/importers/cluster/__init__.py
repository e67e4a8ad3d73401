"""What runs in a Kubernetes cluster, and who calls whom there."""
