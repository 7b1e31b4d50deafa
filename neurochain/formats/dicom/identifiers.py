"""Identifiers in DICOM files: who was examined, by whom, where and when.

The keywords are those of the Basic Application Level Confidentiality Profile that name a person, a place, a device
or a date and stand at the top level of a data set; UIDs are left out, since they group images into series. PS3.15
annex E: https://dicom.nema.org/medical/dicom/current/output/html/part15.html#chapter_E
"""

from neurochain.formats.dicom.with_pydicom import read_texts
from neurochain.storage import File

__all__ = ["KEYWORDS", "read_identifiers"]

KEYWORDS = (
    "InstanceCreationDate",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "ContentDate",
    "AcquisitionDateTime",
    "AccessionNumber",
    "InstitutionName",
    "InstitutionAddress",
    "ReferringPhysicianName",
    "ReferringPhysicianAddress",
    "ReferringPhysicianTelephoneNumbers",
    "StationName",
    "InstitutionalDepartmentName",
    "PhysiciansOfRecord",
    "PerformingPhysicianName",
    "NameOfPhysiciansReadingStudy",
    "OperatorsName",
    "AdmittingDiagnosesDescription",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientBirthTime",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientAddress",
    "PatientMotherBirthName",
    "CountryOfResidence",
    "RegionOfResidence",
    "PatientTelephoneNumbers",
    "EthnicGroup",
    "Occupation",
    "AdditionalPatientHistory",
    "PatientReligiousPreference",
    "PatientComments",
    "DeviceSerialNumber",
    "StudyID",
    "ImageComments",
    "RequestingPhysician",
    "RequestingService",
    "AdmissionID",
    "CurrentPatientLocation",
    "ScheduledPerformingPhysicianName",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepEndDate",
    "PerformedProcedureStepID",
    "RequestedProcedureID",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
)


def read_identifiers(file: File) -> dict[str, str]:
    """Identifiers of a DICOM file by keyword; those that are empty are left out.

    Raises
    ------
    StorageError
        The bytes cannot be had.
    """
    return read_texts(file, KEYWORDS)
