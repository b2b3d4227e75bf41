# TO@@DO
