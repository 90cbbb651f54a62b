"""The part `platform`: operators' custom resources, OLM, OpenShift, and a real etcd behind EtcdCluster."""
