"""BGP between nodes as Calico makes it: real BIRDs in network namespaces, Calico's objects beside them."""
